//! Running statistics that keep no samples.

/// Mean and deviation of what was added (Welford's method).
#[derive(Debug, Clone, Default)]
pub struct Spread {
    count: u32,
    mean: f64,
    squares: f64,
}

impl Spread {
    pub fn add(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        let before = value - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (value - self.mean);
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation divided by the mean; infinite when there are too few values to say.
    pub fn deviation(&self) -> f64 {
        if self.count < 2 || self.mean <= 0.0 {
            return f64::INFINITY;
        }
        (self.squares.max(0.0) / f64::from(self.count - 1)).sqrt() / self.mean
    }
}

/// How much two quantities go together.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    x: Spread,
    y: Spread,
    products: f64,
}

impl Pair {
    pub fn add(&mut self, x: f64, y: f64) {
        let before = x - self.x.mean;
        self.x.add(x);
        self.y.add(y);
        self.products += before * (y - self.y.mean);
    }

    pub fn count(&self) -> u32 {
        self.x.count
    }

    /// By how much `y` grows with each `x`; 0 when `x` does not vary.
    pub fn slope(&self) -> f64 {
        if self.x.squares > 0.0 { self.products / self.x.squares } else { 0.0 }
    }

    /// Pearson's coefficient, from -1 to 1; 0 when either does not vary.
    pub fn correlation(&self) -> f64 {
        let scale = (self.x.squares * self.y.squares).sqrt();
        if scale > 0.0 { self.products / scale } else { 0.0 }
    }
}

/// How alike the fractional parts of what was added are: each is a point on a circle.
#[derive(Debug, Clone, Default)]
pub struct Phase {
    count: u32,
    x: f64,
    y: f64,
}

impl Phase {
    pub fn add(&mut self, value: f64) {
        let (y, x) = (value.fract() * std::f64::consts::TAU).sin_cos();
        self.count = self.count.saturating_add(1);
        self.x += x;
        self.y += y;
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// 1 when all fractions are the same, near 0 when they have nothing to do with each other.
    pub fn concentration(&self) -> f64 {
        self.x.hypot(self.y) / f64::from(self.count.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_is_relative_to_the_mean() {
        let mut pauses = Spread::default();
        for value in [8.0, 10.0, 12.0] {
            pauses.add(value);
        }
        assert!((pauses.mean() - 10.0).abs() < 1e-9);
        assert!((pauses.deviation() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn too_few_values_are_never_even() {
        let mut pauses = Spread::default();
        assert!(pauses.deviation().is_infinite());
        pauses.add(1.0);
        assert!(pauses.deviation().is_infinite());
    }

    #[test]
    fn correlation_knows_a_line_from_a_cloud() {
        let (mut line, mut falling, mut flat) = (Pair::default(), Pair::default(), Pair::default());
        for x in [1.0, 2.0, 5.0, 7.0] {
            line.add(x, 3.0 * x + 1.0);
            falling.add(x, -x);
            flat.add(x, 4.0);
        }
        assert!((line.correlation() - 1.0).abs() < 1e-9 && (line.slope() - 3.0).abs() < 1e-9);
        assert!((falling.correlation() + 1.0).abs() < 1e-9);
        assert!(flat.correlation().abs() < 1e-9);
    }

    #[test]
    fn whole_seconds_are_in_phase_wherever_the_network_puts_them() {
        let (mut clock, mut hand) = (Phase::default(), Phase::default());
        [1.31, 3.30, 2.32, 1.30].iter().for_each(|pause| clock.add(*pause));
        [1.31, 3.74, 2.02, 1.55].iter().for_each(|pause| hand.add(*pause));
        assert!(clock.concentration() > 0.99);
        assert!(hand.concentration() < 0.5);
    }
}
