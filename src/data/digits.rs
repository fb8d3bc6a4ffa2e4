//! The embedded data set: 1,797 handwritten digits of 8x8 pixels.

use super::idx::{IdxError, parse_images, parse_labels};

/// Alpaydin & Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0; see
/// `assets/digits8x8/README.md`.
const IMAGES: &[u8] = include_bytes!("../../assets/digits8x8/digits-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../../assets/digits8x8/digits-labels-idx1-ubyte.gz");
/// Grey levels run from 0 to 16.
const LEVELS: f64 = 16.0;

/// Count, height and width of the digits, their pixels, labels, and number of grey levels.
pub(super) type Pixels = ([usize; 3], Vec<u8>, Vec<u8>, f64);

pub(super) fn digits_pixels() -> Result<Pixels, IdxError> {
    let (shape, pixels) = parse_images(IMAGES)?;
    Ok((shape, pixels, parse_labels(LABELS)?, LEVELS))
}

#[cfg(test)]
mod tests {
    use super::super::digits;

    #[test]
    fn has_the_documented_shape() {
        let data = digits::<f32>().unwrap();
        assert_eq!(
            (data.train.images.rows(), data.test.images.rows(), data.inputs()),
            (1437, 360, 64)
        );
        assert_eq!((data.train.labels.len(), data.test.labels.len()), (1437, 360));
        let mut counts = [0; 10];
        for &label in data.train.labels.iter().chain(&data.test.labels) {
            counts[usize::from(label)] += 1;
        }
        assert!(counts.iter().all(|n| (174..=183).contains(n)), "{counts:?}");
        assert!(data.train.images.as_slice().iter().all(|&p| (0.0..=1.0).contains(&p)));
    }
}
