//! Which font files are set in: the one that the settings name, else the first of the usual Chinese ones that is installed.

use crate::pdf::{Font, FontFault};
use std::path::{Path, PathBuf};

/// Where Debian, and others, put Chinese fonts: those of full coverage first.
const USUAL: [&str; 7] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
];

/// The file that the settings name; none takes what is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FontPlace(pub Option<String>);

/// A font file that was read.
pub struct FontFile {
    path: PathBuf,
    bytes: Vec<u8>,
    index: Option<u32>,
}

impl FontFile {
    /// Opens its font.
    ///
    /// # Errors
    /// [`FontFault`].
    pub fn font(&self) -> Result<Font<'_>, FontFault> {
        Font::read(&self.bytes, self.index)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl FontPlace {
    /// Reads the font file. Where the settings name one, no other is taken in its place.
    ///
    /// # Errors
    /// Why there is none, for whoever runs the service.
    pub fn read(&self) -> Result<FontFile, String> {
        let Some(named) = &self.0 else {
            let found = USUAL.iter().map(Path::new).find(|path| path.is_file());
            let path = found.ok_or_else(|| "none of the usual Chinese fonts is installed".to_owned())?;
            return read(path, None);
        };
        // `FILE#2` is the third font of a collection.
        match named.rsplit_once('#').map(|(path, index)| (path, index.parse::<u32>())) {
            Some((path, Ok(index))) => read(Path::new(path), Some(index)),
            Some((_, Err(_))) | None => read(Path::new(named), None),
        }
    }
}

fn read(path: &Path, index: Option<u32>) -> Result<FontFile, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = FontFile { path: path.to_owned(), bytes, index };
    file.font().map_err(|fault| format!("{}: {fault}", path.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lang::Lang;
    use crate::pdf::{Part, Sheet};

    #[test]
    fn a_font_that_is_named_is_the_one_that_is_read_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("font.ttf");
        let place = FontPlace(Some(path.display().to_string()));
        assert!(place.read().err().unwrap().contains("font.ttf"));
        std::fs::write(&path, b"no font").unwrap();
        assert!(place.read().err().unwrap().contains("not a font"));
        let numbered = FontPlace(Some(format!("{}#3", path.display())));
        assert!(numbered.read().err().unwrap().contains("font.ttf: not a font"), "the number is no part of the name");
    }

    #[test]
    fn what_is_long_goes_on_over_pages_and_a_letter_that_is_not_there_is_marked() {
        let file = FontPlace::default().read().unwrap();
        let sheet = |text: &str| Sheet {
            lang: Lang::Zh,
            title: "凭证".to_owned(),
            author: "a & b".to_owned(),
            foot: "1".to_owned(),
            reason: "测试".to_owned(),
            parts: vec![Part::Facts(vec![("条件".to_owned(), text.to_owned())]), Part::Note("完".to_owned())],
            at: 0,
        };
        let written = |text: &str| sheet(text).write(file.font().unwrap()).unwrap().parts().concat();
        let has = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        assert!(has(&written("短"), "/Count 1"));
        let long = written(
            &"每批进口前须报告；experimental animals excluded, Supercalifragilisticexpialidocious. ".repeat(120),
        );
        assert!(["/Count 3", "/Count 4", "/Count 5"].iter().any(|count| has(&long, count)), "several pages");
        // U+3013 stands for what the font does not have.
        assert!(has(&written("\u{1f9ea}"), "<3013>") && !has(&written("短"), "<3013>"));
        assert!(has(&written("x"), "a &amp; b"));
    }
}
