//! Resizing of images of one channel.

/// Interpolation along one axis: for every output coordinate the two source coordinates and the
/// weight of the second.
///
/// Output coordinate `d` samples `s = (d + 1/2) from / to - 1/2`, clamped to the image: OpenCV's
/// bilinear rule without anti-aliasing, half-pixel centres.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f64)> {
    let last = from.saturating_sub(1);
    let tap = |d: usize| {
        let s = ((d as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, last as f64);
        let low = s.floor() as usize;
        (low, (low + 1).min(last), s - s.floor())
    };
    (0..to).map(tap).collect()
}

/// Resizes images of one size to another, bilinearly.
pub struct Resizer {
    rows: Vec<(usize, usize, f64)>,
    columns: Vec<(usize, usize, f64)>,
    width: usize,
}

impl Resizer {
    /// From `[height, width]` to `[height, width]`.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        Self { rows: taps(from[0], to[0]), columns: taps(from[1], to[1]), width: from[1] }
    }

    /// Pixels of the resized image, row after row, from those of an image.
    pub fn resize<'a, P: Copy + Into<f64>>(
        &'a self,
        image: &'a [P],
    ) -> impl Iterator<Item = f64> + 'a {
        self.rows.iter().flat_map(move |&(top, bottom, down)| {
            self.columns.iter().map(move |&(left, right, across)| {
                let pixel = |row: usize, column: usize| image[row * self.width + column].into();
                let along = |row| pixel(row, left) * (1.0 - across) + pixel(row, right) * across;
                along(top) * (1.0 - down) + along(bottom) * down
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_size_changes_nothing() {
        let image: Vec<u8> = (0..12).map(|i| i * 20).collect();
        let resized: Vec<f64> = Resizer::new([3, 4], [3, 4]).resize(&image).collect();
        assert_eq!(resized, image.iter().map(|&p| f64::from(p)).collect::<Vec<_>>());
    }

    #[test]
    fn agrees_with_opencv() {
        // cv2.resize of 28 x 28 pixels (7 i + 13 j + i j) mod 256, over 255, to 15 x 15, in single
        // precision.
        let image: Vec<u8> = (0..28 * 28)
            .map(|at| {
                let (i, j) = (at / 28, at % 28);
                ((7 * i + 13 * j + i * j) % 256) as u8
            })
            .collect();
        let resized: Vec<f64> =
            Resizer::new([28, 28], [15, 15]).resize(&image).map(|p| p / 255.0).collect();
        for (row, column, expected) in [
            (0, 0, 0.034_723_315),
            (0, 14, 0.407_498_93),
            (3, 8, 0.308_675_4),
            (7, 7, 0.769_607_96),
            (9, 2, 0.799_760_34),
            (14, 14, 0.835_769_06),
        ] {
            let found = resized[row * 15 + column];
            assert!((found - expected).abs() < 1.2e-7, "{row}, {column}: {found}");
        }
    }

    #[test]
    fn follows_the_half_pixel_rule() {
        // Doubling: source coordinates -0.25 (clamped to 0), 0.25, 0.75, 1.25 (clamped to 1).
        let resized: Vec<f64> = Resizer::new([1, 2], [1, 4]).resize(&[0u8, 100]).collect();
        assert_eq!(resized, [0.0, 25.0, 75.0, 100.0]);
        // 28 to 15: output 7 is the centre, 13.5, the mean of 13 and 14.
        let row: Vec<u8> = (0..28).map(|i| if i < 14 { 0 } else { 200 }).collect();
        let resized: Vec<f64> = Resizer::new([1, 28], [1, 15]).resize(&row).collect();
        assert_eq!(resized[7], 100.0);
        // Output 0 samples 0.5 * 28 / 15 - 0.5 = 0.43333.
        let ramp: Vec<u8> = (0..28).map(|i| i * 9).collect();
        let resized: Vec<f64> = Resizer::new([1, 28], [1, 15]).resize(&ramp).collect();
        assert!(
            (resized[0] - 9.0 * (14.0 / 15.0 - 0.5)).abs() < 1e-12
                && (resized[14] - 9.0 * 26.566_666_666_666_666).abs() < 1e-12
        );
    }
}
