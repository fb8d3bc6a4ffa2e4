//! Quantities of a network as a whole: accuracy, loss, and how it recovers from a label change.

use super::family::family;
use super::kinds::TRAIN;
use super::layers;

family! {
    sees |state, _place| Ok(Some(state));
    TestAccuracy: "test_accuracy", "test accuracy", "test accuracy", "percent", TRAIN,
        layers::network,
        |state, at| Some(state.test()?.accuracy),
        "Share of held-out images whose decoded class is their label.";
    TrainAccuracy: "train_accuracy", "training accuracy", "training accuracy", "percent", TRAIN,
        layers::network,
        |state, at| Some(state.train()?.accuracy),
        "Share of training images whose decoded class is their label.";
    Loss: "loss", "loss", "loss", "", TRAIN, layers::network,
        |state, at| Some(state.train()?.loss),
        "Loss per sample, averaged over the training images.";
    AccuracyBeforeChange: "accuracy_before_change", "test accuracy under the old code",
        "test accuracy, old code", "percent", TRAIN, layers::at_label_changes,
        |state, at| state.accuracy_before_change(),
        "Test accuracy just before a label change, read out by the code in force until then; \
         exists at label changes only, where test_accuracy is that under the new code.";
    RecoveryTime: "recovery_time", "recovery time", "recovery time", "epochs", TRAIN,
        layers::at_label_changes,
        |state, at| state.recovery_time(),
        "Epochs from the latest label change before this state until the test accuracy, looked at \
         after every epoch, first reached nine tenths of what it was before; absent if it did not. \
         Recorded at the following change and at the end.";
}
