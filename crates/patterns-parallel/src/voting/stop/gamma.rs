//! The logarithm of the gamma function, which the standard library does not have yet.

/// Where Stirling's series is exact to the last bits.
const LARGE: f64 = 16.0;

/// Returns ln Γ(x) for x > 0.
pub(super) fn ln_gamma(x: f64) -> f64 {
    // Γ(x) = Γ(x + 1) / x lifts a small x to where the series holds.
    let mut shifted = x;
    let mut product = 1.0;
    while shifted < LARGE {
        product *= shifted;
        shifted += 1.0;
    }
    let inverse = shifted.recip();
    let square = inverse * inverse;
    let terms = [
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    let series = terms.iter().fold(0.0, |sum, term| sum * square + term) * inverse;
    let half_ln_tau = std::f64::consts::TAU.ln() / 2.0;
    (shifted - 0.5) * shifted.ln() - shifted + half_ln_tau + series - f64::ln(product)
}

#[cfg(test)]
mod tests {
    use super::ln_gamma;

    #[test]
    fn factorials_and_halves_are_right() {
        let mut factorial = 1.0_f64;
        for n in 1..60 {
            let error = ln_gamma(f64::from(n)) - factorial.ln();
            assert!(
                error.abs() < 1e-13 * f64::from(n),
                "n = {n}: off by {error}"
            );
            factorial *= f64::from(n);
        }
        let half = std::f64::consts::PI.ln() / 2.0;
        assert!((ln_gamma(0.5) - half).abs() < 1e-15);
    }
}
