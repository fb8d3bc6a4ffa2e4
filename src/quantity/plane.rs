//! Quantities of the plane of two trajectories. Their values are recorded by the experiment, at its
//! end.

use super::family::family;
use super::kinds::PLANE;
use super::layers;

family! {
    recorded by the experiment;
    Explained: "explained", "variance explained by the first component", "variance, component 1",
        "percent", PLANE, layers::network,
        "Share of the variance of the snapshots of both networks, about their common mean, along \
         the first principal component.";
    ExplainedSecond: "explained_second", "variance explained by the second component",
        "variance, component 2", "percent", PLANE, layers::network,
        "The same along the second principal component.";
    PlaneTrainingLoss: "plane_training_loss", "training loss", "training loss", "", PLANE,
        layers::network,
        "Loss of the first network at the end over all training images, as half the Frobenius norm \
         of target minus output: the paper's measure, a square root.";
    PlaneTrainingLossSecond: "plane_training_loss_second", "training loss of the second network",
        "training loss, second", "", PLANE, layers::network,
        "The same of the second network.";
    PlaneAccuracy: "plane_accuracy", "test accuracy", "test accuracy", "percent", PLANE,
        layers::network,
        "Test accuracy of the first network at the end.";
    PlaneAccuracySecond: "plane_accuracy_second", "test accuracy of the second network",
        "test accuracy, second", "percent", PLANE, layers::network,
        "Test accuracy of the second network at the end.";
    PlaneLoss: "plane_loss", "loss over the plane", "loss", "", PLANE, layers::network,
        "Loss over all training images, as half the Frobenius norm of target minus output, of the \
         network with the parameters of a point of the plane of the two leading components; the \
         iteration column holds the point's number, row by row from the lower left.";
    PlaneFirst: "plane_position", "position of the first network", "position", "", PLANE,
        layers::components,
        "Coordinates of the first network's snapshots along the components; the layer column holds \
         the component, 0 or 1.";
    PlaneSecond: "plane_position_second", "position of the second network", "position, second", "",
        PLANE, layers::components,
        "Coordinates of the second network's snapshots along the components; the layer column \
         holds the component, 0 or 1.";
}
