//! The whole log as one tar archive of the files that `/v1/log/` serves, made piece by piece while it is sent.
//!
//! Everything lies under one signed head, chosen at the beginning; what is under it never changes, so each piece is read
//! for itself: no transaction stays open, and no more than a piece is in memory. Invariant: the same head gives the same
//! bytes.

use super::timestamps::stamps_behind;
use super::{Signed, newest, signed_behind, tile_under};
use crate::app::AppError;
use crate::store::{Store, StoreError};
use crate::tlog::tiles::{TileKind, TilePath, WIDTH, width_at};
use tar::{Builder, EntryType, Header};

/// Bytes after which a piece is handed out.
const PIECE: usize = 256 * 1024;

/// Signed heads in one file.
const HEADS: i64 = 1_000;

/// Time stamps in one file.
const STAMPS: i64 = 100;

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// The verifier key and the newest signed head.
    Head,
    /// Earlier signed heads, from behind a size, in the file of this number.
    Heads(i64, u64),
    /// Time stamps, from behind a size, in the file of this number.
    Stamps(i64, u64),
    /// A bundle of entries.
    Entries(u64),
    /// A tile of hashes.
    Hashes(u8, u64),
    /// The end of the archive.
    End,
    /// Nothing.
    Done,
}

/// An archive that is being made.
pub struct Export {
    store: Store,
    vkey: String,
    signed: Signed,
    next: Next,
    archive: Builder<Vec<u8>>,
}

impl Export {
    /// Begins an archive of what is signed now; none while nothing was signed.
    ///
    /// # Errors
    /// The store's failure.
    pub fn begin(store: &Store, vkey: &str) -> Result<Option<Self>, AppError> {
        let signed = store.read(newest)?;
        Ok(signed.map(|signed| Self {
            store: store.clone(),
            vkey: vkey.to_owned(),
            signed,
            next: Next::Head,
            archive: Builder::new(Vec::with_capacity(PIECE)),
        }))
    }

    /// Returns the number of entries in it.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.signed.size
    }

    /// Makes the next piece; none behind the last.
    ///
    /// # Errors
    /// The store's failure: the archive is not whole and must not be taken for one.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, AppError> {
        while self.archive.get_ref().len() < PIECE {
            if matches!(self.next, Next::Done) {
                break;
            }
            self.next = self.step()?;
        }
        let piece = std::mem::take(self.archive.get_mut());
        Ok((!piece.is_empty()).then_some(piece))
    }

    fn step(&mut self) -> Result<Next, AppError> {
        match self.next {
            Next::Head => {
                let (vkey, note) = (format!("{}\n", self.vkey), self.signed.note.clone());
                self.file("vkey", vkey.as_bytes())?;
                self.file("checkpoint", note.as_bytes())?;
                Ok(Next::Heads(0, 0))
            }
            Next::Heads(after, number) => {
                let mut heads = self.store.read(|conn| signed_behind(conn, after, HEADS))?;
                heads.retain(|head| head.size <= self.signed.size);
                let Some(last) = heads.last() else { return Ok(Next::Stamps(0, 0)) };
                let after = i64::try_from(last.size).map_err(StoreError::damaged)?;
                let lines: String = heads
                    .iter()
                    .map(|head| format!("{}\n", serde_json::json!({ "size": head.size, "note": head.note })))
                    .collect();
                self.file(&format!("checkpoints/{number:06}.jsonl"), lines.as_bytes())?;
                Ok(Next::Heads(after, number.saturating_add(1)))
            }
            Next::Stamps(after, number) => {
                let mut stamps = self.store.read(|conn| stamps_behind(conn, after, STAMPS))?;
                stamps.retain(|stamp| stamp.size <= self.signed.size);
                let Some(last) = stamps.last() else { return Ok(Next::Entries(0)) };
                let after = i64::try_from(last.size).map_err(StoreError::damaged)?;
                let mut lines = String::new();
                for stamp in &stamps {
                    lines.push_str(&serde_json::to_string(stamp).map_err(StoreError::damaged)?);
                    lines.push('\n');
                }
                self.file(&format!("timestamps/{number:06}.jsonl"), lines.as_bytes())?;
                Ok(Next::Stamps(after, number.saturating_add(1)))
            }
            Next::Entries(index) => Ok(match self.tile(TileKind::Entries, 0, index)? {
                true => Next::Entries(index.saturating_add(1)),
                false => Next::Hashes(0, 0),
            }),
            Next::Hashes(level, index) => Ok(match (self.tile(TileKind::Hashes(level), level, index)?, index) {
                (true, _) => Next::Hashes(level, index.saturating_add(1)),
                // A level without tiles is above the top.
                (false, 0) => Next::End,
                (false, _) => Next::Hashes(level.saturating_add(1), 0),
            }),
            Next::End => {
                self.archive.finish().map_err(StoreError::damaged)?;
                Ok(Next::Done)
            }
            Next::Done => Ok(Next::Done),
        }
    }

    /// Adds a tile; says whether there is one.
    fn tile(&mut self, kind: TileKind, level: u8, index: u64) -> Result<bool, AppError> {
        let size = self.signed.size;
        let width = width_at(level, index, size).min(WIDTH);
        if width == 0 {
            return Ok(false);
        }
        let path = TilePath { kind, index, width };
        let bytes = self.store.read(|conn| tile_under(conn, path, size))?;
        self.file(&path.to_string(), &bytes.unwrap_or_default())?;
        Ok(true)
    }

    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), AppError> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(u64::try_from(bytes.len()).map_err(StoreError::damaged)?);
        self.archive.append_data(&mut header, path, bytes).map_err(StoreError::damaged)?;
        Ok(())
    }
}
