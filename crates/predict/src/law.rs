//! The universal scalability law: `X(n) = n X(1) / (1 + contention (n - 1) + coherence n (n - 1))`.
//!
//! N. J. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapters 4 to 6. The fit is the one
//! described there: with `C = X(n) / X(1)`, the deviation from linearity `n / C - 1` is linear in
//! both coefficients, so that least squares is the solution of two equations with two unknowns.
//! Here each point is weighted by the inverse square of `n / C`, which makes it a fit of relative
//! errors: otherwise the largest counts would decide alone. No coefficient is bounded while
//! fitting; a fit that makes no sense is refused.
//!
//! A contention above one is not refused: threads under contention may cost each other more than
//! waiting for a turn, since the cache line has to travel to each.

use std::fmt;

/// Counts that have to be measured before the law is used; one of them, the largest, is held out.
pub const COUNTS_NEEDED: usize = 4;

/// The least part of the deviation's variance that a fit must explain.
pub const LEAST_R_SQUARED: f64 = 0.9;

/// The law with its coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// Throughput of one thread.
    pub one: f64,
    /// The serial part of one operation.
    pub contention: f64,
    /// The cost of each pair of threads, as a part of one operation.
    pub coherence: f64,
    /// The part of the deviation's variance that the law explains.
    pub r_squared: f64,
}

/// Why there is no law for some points.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// One thread alone has not been measured.
    NoSingleThread,
    /// The points do not determine two coefficients.
    Undetermined,
    /// A point or a coefficient is not a finite number, or a throughput is not positive.
    NotFinite,
    /// A coefficient is negative.
    Negative(&'static str, f64),
    /// The law explains too little of the measurements.
    PoorFit(f64),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoSingleThread => write!(f, "one thread alone was not measured"),
            Refusal::Undetermined => write!(f, "the counts do not tell the two coefficients apart"),
            Refusal::NotFinite => write!(f, "a figure or a coefficient is not a finite number"),
            Refusal::Negative(name, value) => write!(f, "{name} is negative ({value:.4})"),
            Refusal::PoorFit(r_squared) => {
                write!(f, "R2 is {r_squared:.2}, less than {LEAST_R_SQUARED}")
            }
        }
    }
}

impl Law {
    /// The law that fits best to `(threads, throughput)`.
    ///
    /// # Errors
    /// If there is none, or it makes no sense.
    pub fn fit(points: &[(f64, f64)]) -> Result<Law, Refusal> {
        let law = Law::fitted(points)?;
        for (name, value) in [("contention", law.contention), ("coherence", law.coherence)] {
            if value < 0.0 {
                return Err(Refusal::Negative(name, value));
            }
        }
        if law.r_squared < LEAST_R_SQUARED {
            return Err(Refusal::PoorFit(law.r_squared));
        }
        Ok(law)
    }

    fn fitted(points: &[(f64, f64)]) -> Result<Law, Refusal> {
        if points.iter().any(|(threads, throughput)| !is_positive(*threads) || !is_positive(*throughput)) {
            return Err(Refusal::NotFinite);
        }
        let alone = points.iter().find(|(threads, _)| *threads == 1.0);
        let one = alone.ok_or(Refusal::NoSingleThread)?.1;
        // Each point as (n - 1), n (n - 1), the deviation, and its weight.
        let terms: Vec<[f64; 4]> = points
            .iter()
            .filter(|(threads, _)| *threads > 1.0)
            .map(|&(n, throughput)| {
                let time = n * one / throughput;
                [n - 1.0, n * (n - 1.0), time - 1.0, time.powi(-2)]
            })
            .collect();
        let sum = |product: fn(&[f64; 4]) -> f64| terms.iter().map(product).sum::<f64>();
        let (aa, ab, bb) =
            (sum(|[a, _, _, w]| w * a * a), sum(|[a, b, _, w]| w * a * b), sum(|[_, b, _, w]| w * b * b));
        let (ad, bd) = (sum(|[a, _, d, w]| w * a * d), sum(|[_, b, d, w]| w * b * d));
        let determinant = aa * bb - ab * ab;
        // Two equal counts make the determinant vanish but for rounding.
        if determinant.is_nan() || determinant <= 1e-9 * aa * bb {
            return Err(Refusal::Undetermined);
        }
        let contention = without_rounding((ad * bb - bd * ab) / determinant);
        let coherence = without_rounding((bd * aa - ad * ab) / determinant);
        let mean = sum(|[_, _, d, w]| w * d) / sum(|[_, _, _, w]| *w);
        let part =
            |of: &dyn Fn(&[f64; 4]) -> f64| terms.iter().map(|term| term[3] * of(term).powi(2)).sum::<f64>();
        let left = part(&|[a, b, d, _]| d - contention * a - coherence * b);
        let all = part(&|[_, _, d, _]| d - mean);
        let r_squared = if all > 0.0 { 1.0 - left / all } else { f64::NAN };
        let law = Law { one, contention, coherence, r_squared };
        let is_finite = [contention, coherence, r_squared].iter().all(|value| value.is_finite());
        if is_finite { Ok(law) } else { Err(Refusal::NotFinite) }
    }

    /// The throughput of `threads` threads.
    pub fn at(&self, threads: f64) -> f64 {
        let n = threads;
        n * self.one / (1.0 + self.contention * (n - 1.0) + self.coherence * n * (n - 1.0))
    }
}

/// A coefficient that is below zero by no more than rounding is zero.
fn without_rounding(coefficient: f64) -> f64 {
    if (-1e-9..0.0).contains(&coefficient) { 0.0 } else { coefficient }
}

fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(counts: &[f64], of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        counts.iter().map(|&n| (n, of(n))).collect()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn the_coefficients_that_made_the_points_are_found_again() {
        for (contention, coherence) in [(0.05, 0.001), (0.9, 0.0), (3.3, 0.02), (0.0, 0.0004)] {
            let made = Law { one: 8e7, contention, coherence, r_squared: 1.0 };
            let law = Law::fit(&points(&[1.0, 2.0, 4.0, 8.0, 16.0], |n| made.at(n)));
            let law = law.expect("a law goes through them");
            assert!(close(law.contention, contention) && close(law.coherence, coherence), "{law:?}");
            assert!(close(law.at(64.0), made.at(64.0)) && law.r_squared > 0.999, "{law:?}");
        }
    }

    #[test]
    fn a_fit_of_relative_errors_is_not_decided_by_the_largest_count_alone() {
        let made = Law { one: 1e8, contention: 0.4, coherence: 0.01, r_squared: 1.0 };
        let mut noisy = points(&[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0], |n| made.at(n));
        for (number, point) in noisy.iter_mut().enumerate().skip(1) {
            point.1 *= if number % 2 == 0 { 1.05 } else { 0.95 };
        }
        let law = Law::fit(&noisy).expect("five hundredths of noise");
        assert!((law.at(16.0) / made.at(16.0) - 1.0).abs() < 0.1, "{law:?}");
        assert!((law.at(2.0) / made.at(2.0) - 1.0).abs() < 0.1, "{law:?}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let counts = [1.0, 2.0, 4.0, 8.0];
        let better_than_linear = points(&counts, |n| n * n);
        assert!(matches!(Law::fit(&better_than_linear), Err(Refusal::Negative(..))));
        let falls_and_rises = points(&counts, |n| if n == 2.0 { 0.05 } else { n });
        assert!(Law::fit(&falls_and_rises).is_err());
        let jumps =
            [(1.0, 1.0), (2.0, 0.1), (3.0, 2.5), (4.0, 0.2), (5.0, 4.0), (6.0, 0.15), (7.0, 6.0), (8.0, 0.2)];
        let refusal = Law::fit(&jumps).expect_err("no law goes through these");
        assert!(matches!(refusal, Refusal::PoorFit(_) | Refusal::Negative(..)), "{refusal}");
        assert_eq!(Law::fit(&points(&[2.0, 4.0, 8.0], |n| n)), Err(Refusal::NoSingleThread));
        assert_eq!(Law::fit(&[(1.0, 1.0), (2.0, 1.5)]), Err(Refusal::Undetermined));
        assert_eq!(Law::fit(&[(1.0, 1.0), (2.0, 1.5), (2.0, 1.4)]), Err(Refusal::Undetermined));
        for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            assert_eq!(Law::fit(&[(1.0, 1.0), (2.0, bad), (4.0, 2.0)]), Err(Refusal::NotFinite));
        }
    }

    #[test]
    fn a_poor_fit_says_how_poor() {
        // Nothing of the trend is left when two far points contradict each other.
        let points = [(1.0, 1.0), (2.0, 0.4), (4.0, 1.6), (8.0, 0.5), (16.0, 3.0)];
        let refusal = Law::fit(&points).expect_err("it is noise").to_string();
        assert!(refusal.contains("R2") || refusal.contains("negative"), "{refusal}");
        assert!(Refusal::PoorFit(0.5).to_string().contains("0.50"));
    }
}
