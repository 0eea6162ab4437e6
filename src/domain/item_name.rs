//! When two names mean the same item: the form in which names of items are compared. It is never shown and never
//! stored in place of the name. Invariant: case, width, spaces and punctuation do not tell items apart; signs that
//! do in chemistry (the plus of an enantiomer, a decimal point) stay.

/// Brings the name of an item into the form in which names are compared.
pub fn normalise_name(name: &str) -> String {
    let folded: Vec<char> = name.chars().map(half_width).flat_map(char::to_lowercase).collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| folded.get(at)).is_some_and(char::is_ascii_digit);
    folded
        .iter()
        .enumerate()
        .filter(|&(at, &c)| {
            let decimal_point = c == '.' && is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1));
            c.is_alphanumeric() || matches!(c, '+' | '±' | '%') || decimal_point
        })
        .map(|(_, &c)| c)
        .collect()
}

/// Folds a full-width form of ASCII (U+FF01 to U+FF5E) to the ASCII character; other characters stay.
fn half_width(c: char) -> char {
    match u32::from(c).checked_sub(0xFEE0) {
        Some(code @ 0x21..=0x7E) => char::from_u32(code).unwrap_or(c),
        Some(_) | None => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_spaces_and_punctuation_do_not_matter() {
        for (a, b) in [
            ("肝素钠（研发用）", "肝素钠 (研发用)"),
            ("ＤＭＥＭ　高糖培养基", "dmem高糖培养基"),
            ("Dextran 40, research grade", "DEXTRAN-40 Research Grade"),
            ("前列腺素E2", "前列腺素 Ｅ２"),
        ] {
            assert_eq!(normalise_name(a), normalise_name(b), "{a} / {b}");
        }
    }

    #[test]
    fn what_tells_items_apart_stays() {
        for (a, b) in
            [("(+)-薄荷醇", "(-)-薄荷醇"), ("1.5%溶液", "15%溶液"), ("L-亮氨酸", "D-亮氨酸"), ("α-淀粉酶", "β-淀粉酶")]
        {
            assert_ne!(normalise_name(a), normalise_name(b), "{a} / {b}");
        }
        assert_eq!(normalise_name("（１．５％）。"), "1.5%");
    }
}
