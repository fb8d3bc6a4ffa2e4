//! The embedded data set: 1,797 handwritten digits of 8x8 pixels.

use super::{DataSet, IdxError, Split, parse_images, parse_labels};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;

/// Alpaydin & Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0; see `assets/digits8x8/README.md`.
const IMAGES: &[u8] = include_bytes!("../../assets/digits8x8/digits-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../../assets/digits8x8/digits-labels-idx1-ubyte.gz");
/// Grey levels run from 0 to 16.
const LEVELS: f64 = 16.0;
const TRAIN: usize = 1437;
const CLASSES: usize = 10;

/// The digits, pixels divided by 16, split once and for all into 1,437 training and 360 test images, whatever the
/// seed of a run.
///
/// # Errors
/// If the embedded bytes are damaged.
pub fn digits<T: Real>() -> Result<DataSet<T>, IdxError> {
    let ([count, height, width], pixels) = parse_images(IMAGES)?;
    let labels = parse_labels(LABELS)?;
    let mut order: Vec<usize> = (0..count.min(labels.len())).collect();
    Stream::new(0, 0, Role::DataOrder).shuffle(&mut order);
    let (train, test) = order.split_at(TRAIN.min(order.len()));
    let inputs = height * width;
    let part = |indices: &[usize]| Split {
        images: Matrix::from_vec(
            indices.len(),
            inputs,
            indices
                .iter()
                .flat_map(|&i| &pixels[i * inputs..(i + 1) * inputs])
                .map(|&pixel| T::from_f64(f64::from(pixel) / LEVELS))
                .collect(),
        ),
        labels: indices.iter().map(|&i| labels[i]).collect(),
    };
    Ok(DataSet { train: part(train), test: part(test), classes: CLASSES })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_documented_shape() {
        let data = digits::<f32>().unwrap();
        assert_eq!((data.train.images.rows(), data.test.images.rows(), data.inputs()), (1437, 360, 64));
        assert_eq!((data.train.labels.len(), data.test.labels.len()), (1437, 360));
        let mut counts = [0; CLASSES];
        for &label in data.train.labels.iter().chain(&data.test.labels) {
            counts[usize::from(label)] += 1;
        }
        assert!(counts.iter().all(|n| (174..=183).contains(n)), "{counts:?}");
        assert!(data.train.images.as_slice().iter().all(|&p| (0.0..=1.0).contains(&p)));
    }
}
