//! Files in a zip: written so that the same files give the same bytes, read under limits.
//!
//! Not spreadsheets, whose size is judged before they are opened. Invariant: nothing is read beyond the limits that are named.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{DateTime, ZipArchive};

/// Files by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Writes files in order of name, `first` before all others.
///
/// # Errors
/// What the library says, in words.
pub fn pack(first: (&str, &[u8]), files: &Files) -> Result<Vec<u8>, String> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The manifest says when; the same files are the same bytes.
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let rest = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    for (name, bytes) in std::iter::once(first).chain(rest) {
        zip.start_file(name, options).map_err(|error| error.to_string())?;
        zip.write_all(bytes).map_err(|error| error.to_string())?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|error| error.to_string())
}

/// Reads files: at most so many, and at most so many bytes together.
///
/// # Errors
/// Why it is no such zip, in words.
pub fn unpack(bytes: &[u8], most_files: usize, most_bytes: u64) -> Result<Files, String> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    if zip.len() > most_files {
        return Err("too many files".to_owned());
    }
    let (mut files, mut left) = (Files::new(), most_bytes);
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).map_err(|error| error.to_string())?;
        let name = file.name().map_err(|error| error.to_string())?.into_owned();
        let mut read = Vec::new();
        file.by_ref()
            .take(left.saturating_add(1))
            .read_to_end(&mut read)
            .map_err(|error| format!("{name}: {error}"))?;
        let length = u64::try_from(read.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or("too many bytes")?;
        if files.insert(name.clone(), read).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_back_within_its_limits() {
        let files = Files::from([("b".to_owned(), vec![2; 1_000]), ("a".to_owned(), b"one".to_vec())]);
        let packed = pack(("list", b"signed"), &files).unwrap();
        assert_eq!(pack(("list", b"signed"), &files).unwrap(), packed);
        let read = unpack(&packed, 3, 1_009).unwrap();
        assert_eq!((read.len(), &read["list"], &read["a"]), (3, &b"signed".to_vec(), &b"one".to_vec()));
        assert!(unpack(&packed, 2, 10_000).is_err());
        assert!(unpack(&packed, 3, 1_008).is_err());
        assert!(unpack(b"no zip", 3, 10).is_err());
    }
}
