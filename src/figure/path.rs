//! Polylines in units of the page: cut to a frame, thinned to what can be seen, dashed.

/// A place on the page, to the right and down.
pub(super) type Position = (f64, f64);

/// Largest distance by which thinning may move a line: a third of a pixel of the PNG.
const INVISIBLE: f64 = 0.4;

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Frame {
    /// The parts of a polyline inside the frame.
    pub(super) fn cut_line(&self, line: &[Position]) -> Vec<Vec<Position>> {
        if let &[point] = line {
            let inside = (self.left..=self.right).contains(&point.0)
                && (self.top..=self.bottom).contains(&point.1);
            return if inside { vec![vec![point]] } else { Vec::new() };
        }
        let mut parts: Vec<Vec<Position>> = Vec::new();
        for ends in line.windows(2) {
            let Some([start, end]) = self.cut_segment(ends[0], ends[1]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&start) => part.push(end),
                _ => parts.push(vec![start, end]),
            }
        }
        parts
    }

    /// The place within the frame that is nearest.
    pub(super) fn nearest(&self, (x, y): Position) -> Position {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }

    /// Liang and Barsky's method.
    fn cut_segment(&self, a: Position, b: Position) -> Option<[Position; 2]> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let sides = [
            (-dx, a.0 - self.left),
            (dx, self.right - a.0),
            (-dy, a.1 - self.top),
            (dy, self.bottom - a.1),
        ];
        for (speed, room) in sides {
            if speed == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if speed < 0.0 {
                enter = enter.max(room / speed);
            } else {
                leave = leave.min(room / speed);
            }
        }
        let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
        let start = if enter == 0.0 { a } else { at(enter) };
        let end = if leave == 1.0 { b } else { at(leave) };
        (enter <= leave).then_some([start, end])
    }

    /// The part of a polygon inside the frame, by Sutherland and Hodgman's method.
    pub(super) fn cut_polygon(&self, polygon: Vec<Position>) -> Vec<Position> {
        // What is positive inside, for each side.
        let sides: [&dyn Fn(Position) -> f64; 4] =
            [&|p| p.0 - self.left, &|p| self.right - p.0, &|p| p.1 - self.top, &|p| {
                self.bottom - p.1
            }];
        sides.into_iter().fold(polygon, |corners, inside| {
            let mut kept = Vec::with_capacity(corners.len() + 4);
            let previous = corners.iter().cycle().skip(corners.len().saturating_sub(1));
            for (&a, &b) in previous.zip(&corners) {
                let (at_a, at_b) = (inside(a), inside(b));
                if (at_a < 0.0) != (at_b < 0.0) {
                    let t = at_a / (at_a - at_b);
                    kept.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
                }
                if at_b >= 0.0 {
                    kept.push(b);
                }
            }
            kept
        })
    }
}

/// Leaves out points without which the line looks the same (Douglas and Peucker's method).
pub(super) fn thin(line: &[Position]) -> Vec<Position> {
    let line = extremes(line);
    if line.len() < 3 {
        return line;
    }
    let mut kept = vec![false; line.len()];
    let ends = (0, line.len() - 1);
    (kept[ends.0], kept[ends.1]) = (true, true);
    let mut open = vec![ends];
    while let Some((first, last)) = open.pop() {
        let farthest = (first + 1..last).map(|i| (i, distance(line[i], line[first], line[last])));
        let farthest = farthest.max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((middle, far)) = farthest
            && far > INVISIBLE
        {
            kept[middle] = true;
            open.extend([(first, middle), (middle, last)]);
        }
    }
    line.into_iter().zip(kept).filter_map(|(point, kept)| kept.then_some(point)).collect()
}

/// First, lowest, highest and last of the points that share a unit of width: no more can be seen of
/// them.
fn extremes(line: &[Position]) -> Vec<Position> {
    let mut kept = Vec::with_capacity(line.len());
    for column in line.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let vertical = |a: &&Position, b: &&Position| a.1.total_cmp(&b.1);
        let low = column.iter().min_by(vertical);
        let high = column.iter().max_by(vertical);
        let chosen = |p: &&Position| [column.first(), low, high, column.last()].contains(&Some(*p));
        let start = kept.len();
        for point in column.iter().filter(chosen) {
            if kept.len() == start || kept.last() != Some(point) {
                kept.push(*point);
            }
        }
    }
    kept
}

/// Distance of a point from the segment between `a` and `b`.
fn distance(p: Position, a: Position, b: Position) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let squared = dx * dx + dy * dy;
    let t = if squared > 0.0 {
        (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (p.0 - a.0 - t * dx).hypot(p.1 - a.1 - t * dy)
}

/// The dashes of a line, of the given length and gap.
pub(super) fn dashes(line: &[Position], [length, gap]: [f64; 2]) -> Vec<Vec<Position>> {
    let mut dashes: Vec<Vec<Position>> =
        line.first().map(|start| vec![vec![*start]]).unwrap_or_default();
    let (mut drawing, mut left) = (true, length);
    for ends in line.windows(2) {
        let (mut a, b) = (ends[0], ends[1]);
        loop {
            let far = (b.0 - a.0).hypot(b.1 - a.1);
            // Where the distance is no number, the end counts as reached: the walk must come to an
            // end.
            let further = far >= left;
            let t = left / far;
            let to = if further { (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)) } else { b };
            if let Some(dash) = dashes.last_mut().filter(|_| drawing) {
                dash.push(to);
            }
            if !further {
                left -= far;
                break;
            }
            drawing = !drawing;
            left = if drawing { length } else { gap };
            if drawing {
                dashes.push(vec![to]);
            }
            a = to;
        }
    }
    dashes.retain(|dash| dash.first() != dash.last());
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0.0, right: 10.0, top: 0.0, bottom: 10.0 };

    #[test]
    fn lines_are_cut_where_they_leave_the_frame() {
        let line = [(-5.0, 5.0), (5.0, 5.0), (5.0, 15.0), (8.0, 15.0), (8.0, 5.0)];
        let parts = FRAME.cut_line(&line);
        assert_eq!(
            parts,
            [vec![(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)], vec![(8.0, 10.0), (8.0, 5.0)]]
        );
        assert!(FRAME.cut_line(&[(20.0, 20.0), (30.0, 20.0)]).is_empty());
        assert!(FRAME.cut_line(&[(20.0, 20.0)]).is_empty());
    }

    #[test]
    fn polygons_are_cut_to_the_frame() {
        let cut = FRAME.cut_polygon(vec![(-5.0, 2.0), (20.0, 2.0), (20.0, 4.0), (-5.0, 4.0)]);
        assert_eq!(cut.len(), 4);
        assert!(cut.contains(&(0.0, 2.0)) && cut.contains(&(10.0, 4.0)));
        assert!(FRAME.cut_polygon(vec![(20.0, 2.0), (30.0, 2.0), (30.0, 4.0)]).is_empty());
        assert!(FRAME.cut_polygon(Vec::new()).is_empty());
    }

    #[test]
    fn thinning_keeps_the_look() {
        let straight: Vec<Position> =
            (0..1000).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        assert_eq!(thin(&straight), [straight[0], straight[999]]);
        let spike: Vec<Position> =
            (0..1000).map(|i| (f64::from(i) / 100.0, if i == 555 { 9.0 } else { 0.0 })).collect();
        assert!(thin(&spike).contains(&spike[555]));
        let wave: Vec<Position> =
            (0..1500).map(|i| (f64::from(i), 300.0 * (f64::from(i) / 50.0).sin())).collect();
        let thinned = thin(&wave);
        assert!(thinned.len() < 750);
        let off = |p: &Position| {
            thinned.windows(2).map(|s| distance(*p, s[0], s[1])).fold(f64::INFINITY, f64::min)
        };
        assert!(wave.iter().map(off).fold(0.0, f64::max) <= INVISIBLE);
        assert_eq!(thin(&[(1.0, 2.0)]), [(1.0, 2.0)]);
        assert!(thin(&[]).is_empty());
    }

    #[test]
    fn dashes_follow_the_line_round_corners() {
        let parts = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 9.0)], [4.0, 2.0]);
        assert_eq!(parts, [vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], vec![(3.0, 3.0), (3.0, 7.0)]]);
        assert!(dashes(&[], [4.0, 2.0]).is_empty());
    }
}
