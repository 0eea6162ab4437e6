//! How content applicants are with the handling of a case, in the five grades of public services (GB/T 39735).

use super::words::words;

words! {
    /// A grade, the best first.
    Satisfaction {
        /// Five of five.
        VerySatisfied "very_satisfied" "非常满意" "very satisfied";
        /// Four.
        Satisfied "satisfied" "满意" "satisfied";
        /// Three.
        FairlySatisfied "fairly_satisfied" "基本满意" "fairly satisfied";
        /// Two.
        Dissatisfied "dissatisfied" "不满意" "dissatisfied";
        /// One.
        VeryDissatisfied "very_dissatisfied" "非常不满意" "very dissatisfied";
    }
}

impl Satisfaction {
    /// Returns the grade as a number, five for the best.
    #[must_use]
    pub const fn score(self) -> i32 {
        match self {
            Self::VerySatisfied => 5,
            Self::Satisfied => 4,
            Self::FairlySatisfied => 3,
            Self::Dissatisfied => 2,
            Self::VeryDissatisfied => 1,
        }
    }

    /// Reads the grade of a number.
    #[must_use]
    pub fn of(score: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|grade| grade.score() == score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_five_and_read_again() {
        let scores: Vec<i32> = Satisfaction::ALL.iter().map(|grade| grade.score()).collect();
        assert_eq!(scores, [5, 4, 3, 2, 1]);
        assert!(Satisfaction::ALL.iter().all(|grade| Satisfaction::of(grade.score()) == Some(*grade)));
        assert_eq!((Satisfaction::of(0), Satisfaction::of(6)), (None, None));
    }
}
