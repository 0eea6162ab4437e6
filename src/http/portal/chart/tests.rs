//! What every chart keeps: well-formed, escaped, no style and no script of its own, and colours that can be told apart.

use super::*;
use std::collections::BTreeMap;

const EVIL: &str = "<script>alert('\"&')</script>";

fn words() -> Words<'static> {
    Words { title: EVIL, about: EVIL, table: EVIL, first: EVIL }
}

fn share(name: &str, text: &str, tone: Tone) -> Share {
    Share { name: name.to_owned(), decimal: text.to_owned(), text: format!("{EVIL}{text}"), tone }
}

fn marks(count: u64) -> Vec<Mark> {
    (0..count)
        .map(|place| Mark {
            name: format!("{EVIL}{place}"),
            column: place * 3,
            line: 40 - place,
            link: (place == 0).then(|| EVIL.to_owned()),
        })
        .collect()
}

fn charts() -> Vec<(&'static str, String)> {
    let stack = Stack {
        words: words(),
        unit: EVIL,
        parts: vec![share(EVIL, "1000.5", Tone::P1), share("b", "499.5", Tone::P2)],
        whole: share(EVIL, "3000", Tone::P4),
    };
    let bars = Bars {
        words: words(),
        unit: EVIL,
        rows: vec![
            Row { name: EVIL.into(), link: Some(format!("/x?a={EVIL}")), value: 7, text: EVIL.into(), tone: Tone::Bad },
            Row { name: "b".into(), link: None, value: 0, text: "0".into(), tone: Tone::Good },
        ],
    };
    let donut = Donut {
        words: words(),
        unit: EVIL,
        sum: EVIL,
        parts: vec![(EVIL.into(), 26, Some(EVIL.into())), ("b".into(), 0, None), ("c".into(), 14, None)],
    };
    let columns = Columns { words: words(), unit: EVIL, wide: true, series: [EVIL, "b"], marks: marks(12) };
    let many = Columns { wide: false, marks: marks(30), ..columns.clone() };
    let none = Columns { marks: Vec::new(), ..columns.clone() };
    vec![
        ("columns", columns.draw().to_string()),
        ("many columns", many.draw().to_string()),
        ("no columns", none.draw().to_string()),
        ("stack", stack.draw().to_string()),
        ("bars", bars.draw().to_string()),
        ("donut", donut.draw().to_string()),
        ("no donut", Donut { parts: Vec::new(), ..donut }.draw().to_string()),
        ("spark", Spark { words: words(), values: vec![1, 5, 3] }.draw().to_string()),
        ("no spark", Spark { words: words(), values: Vec::new() }.draw().to_string()),
        ("meter", meter(1, 500, Tone::Warn).to_string()),
    ]
}

#[test]
fn charts_are_well_formed_and_hold_under_the_policy() {
    for (name, html) in charts() {
        let mut reader = quick_xml::Reader::from_str(&html);
        reader.config_mut().check_end_names = true;
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("{name}: {error}: {html}"),
            }
        }
        for banned in ["<script", "<style", " style=", "javascript:"] {
            assert!(!html.contains(banned), "{name}: {banned}");
        }
    }
}

#[test]
fn charts_have_their_names_and_their_numbers() {
    for (name, html) in charts() {
        let hidden = html.contains("aria-hidden=\"true\"") && !html.contains("role=\"img\"");
        assert!(html.contains("role=\"img\"><title>&lt;script") || hidden, "{name}");
        let told = html.contains("<details class=\"data\">") || html.contains("<table class=\"bars\">");
        assert!(told || name.contains("spark") || name == "meter", "{name} has no table");
    }
    let drawn = charts();
    let stack = &drawn.iter().find(|(name, _)| *name == "stack").unwrap().1;
    assert!(stack.contains("x=\"0\" width=\"333\"") && stack.contains("x=\"333\" width=\"167\""), "{stack}");
    let donut = &drawn.iter().find(|(name, _)| *name == "donut").unwrap().1;
    assert!(donut.contains(">40</text>") && donut.contains("stroke-dasharray=\"644 356\""), "{donut}");
}

#[test]
fn more_than_the_whole_is_drawn_to_the_edge() {
    let stack = Stack {
        words: Words::default(),
        unit: "",
        parts: vec![share("a", "3", Tone::P1), share("b", "1", Tone::Bad)],
        whole: share("w", "2", Tone::P4),
    };
    let html = stack.draw().to_string();
    assert!(html.contains("x=\"0\" width=\"750\"") && html.contains("x=\"750\" width=\"250\""), "{html}");
}

/// Custom properties of each block of the style sheet that sets the card's colour, over those of the first.
fn themes(css: &str) -> Vec<BTreeMap<String, String>> {
    let mut found: Vec<BTreeMap<String, String>> = Vec::new();
    for block in css.split('}').filter_map(|part| part.rsplit_once('{')).map(|(_, block)| block) {
        let pairs = block.split(';').filter_map(|line| line.split_once(':'));
        let own: BTreeMap<String, String> = pairs
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .filter(|(name, _)| name.starts_with("--"))
            .collect();
        if own.contains_key("--card") {
            let mut all = found.first().cloned().unwrap_or_default();
            all.extend(own);
            found.push(all);
        }
    }
    found
}

/// Relative luminance (WCAG 2.2) of `#rgb` or `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let hex = colour.trim_start_matches('#');
    let hex: String =
        if hex.len() == 3 { hex.chars().flat_map(|digit| [digit, digit]).collect() } else { hex.to_owned() };
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The custom property that a tone's class sets as its colour.
fn property(css: &str, tone: Tone) -> String {
    let rule = format!(".{} {{ color: var(", tone.class());
    let rest = css.split(&rule).nth(1).unwrap_or_else(|| panic!("the style sheet has no `{rule}`"));
    rest.split(')').next().unwrap().to_owned()
}

#[test]
fn every_colour_of_the_charts_stands_out_in_light_and_dark() {
    let css = include_str!("../assets/portal.css");
    let themes = themes(css);
    assert!(themes.len() >= 2, "the style sheet has a light and a dark theme");
    for theme in themes {
        for tone in Tone::ALL {
            let name = property(css, tone);
            let ratio = contrast(&theme[&name], &theme["--card"]);
            assert!(ratio >= 3.0, "{name} {} on {}: {ratio:.2}", theme[&name], theme["--card"]);
        }
        for name in ["--ink", "--ink2", "--ink3"] {
            let ratio = contrast(&theme[name], &theme["--card"]);
            assert!(ratio >= 4.5, "{name} {} on {}: {ratio:.2}", theme[name], theme["--card"]);
        }
    }
}

#[test]
fn contrast_is_that_of_the_recommendation() {
    assert!((contrast("#000", "#ffffff") - 21.0).abs() < 0.01);
    assert!((contrast("#6096c9", "#fff") - 3.1).abs() < 0.05);
    let two = themes(":root{--card:#fff;--p:#000} @media (x) { :root { --card: #111 } } .a { color: red }");
    assert_eq!((two.len(), two[1]["--p"].as_str(), two[1]["--card"].as_str()), (2, "#000", "#111"));
}
