//! Numbers on an axis, and decimals as whole numbers to draw with.

/// Digits behind the point that drawing looks at; quantities have five.
const PLACES: usize = 5;

/// Lines of an axis above nought.
const LINES: u64 = 4;

/// The step of an axis that reaches `most` in four steps: 1, 2 or 5 times a power of ten.
pub fn step(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if step.saturating_mul(LINES) >= most {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Where the lines of the axis stand, from nought.
pub fn lines(most: u64) -> Vec<u64> {
    let step = step(most);
    (0..=LINES).map(|line| line.saturating_mul(step)).collect()
}

/// Returns how much of `length` belongs to `value` when all of it belongs to `whole`; never more than all.
pub fn share(value: u64, whole: u64, length: u64) -> u64 {
    let scaled = u128::from(value.min(whole)) * u128::from(length);
    scaled.checked_div(u128::from(whole)).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
}

/// Reads a decimal such as `18500.125` as a whole number of hundred-thousandths; what is none, or negative, is nought.
pub fn amount(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(PLACES).collect();
    format!("{whole}{digits}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_reaches_the_most() {
        assert_eq!([0, 1, 4, 5, 17, 38, 41, 81, 1000].map(step), [1, 1, 1, 2, 5, 10, 20, 50, 500]);
        assert_eq!(lines(38), [0, 10, 20, 30, 40]);
        assert!(step(u64::MAX) > 0);
    }

    #[test]
    fn shares_are_whole_and_never_more_than_all() {
        assert_eq!([share(1, 2, 100), share(0, 0, 100), share(5, 2, 100), share(1, 3, 1000)], [50, 0, 100, 333]);
        assert_eq!(share(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(
            ["2", "2.5", "0.00001", "18500.125", "x", "-1", ""].map(amount),
            [200_000, 250_000, 1, 1_850_012_500, 0, 0, 0]
        );
    }
}
