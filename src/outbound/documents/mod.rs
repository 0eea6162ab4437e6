//! Where documents lie: by the SHA-256 of their content, in the data folder or in an S3 bucket.
//!
//! A document is written whole or not at all and never changes: its name is its content. It is not known here whose it
//! is or whether it may be read.

pub mod clamd;

use crate::config::DocumentPlace;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use thiserror::Error;

/// Longest wait for a connection to a bucket.
#[cfg(feature = "s3")]
const CONNECT: std::time::Duration = std::time::Duration::from_secs(3);

/// Longest time that a bucket may take for a document.
#[cfg(feature = "s3")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// SHA-256 of a document's bytes.
pub type DocumentHash = [u8; 32];

/// Why a document could not be written or read.
#[derive(Debug, Error)]
pub enum DocumentStoreError {
    /// It is not there.
    #[error("the document `{0}` is missing")]
    Missing(String),
    /// What is there is not what was written.
    #[error("the document `{0}` was changed where it lies")]
    Changed(String),
    /// The place is away, full, or refuses.
    #[error("the place of documents failed")]
    Place(#[source] object_store::Error),
    /// The settings name no usable place.
    #[error("the place of documents: {0}")]
    Settings(String),
}

/// Documents by their hash.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    place: Arc<dyn ObjectStore>,
}

impl DocumentStore {
    /// Opens the place that the settings name.
    ///
    /// # Errors
    /// [`DocumentStoreError::Settings`], [`DocumentStoreError::Place`] when the folder cannot be made.
    pub fn open(place: &DocumentPlace) -> Result<Self, DocumentStoreError> {
        match place {
            DocumentPlace::Folder(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| DocumentStoreError::Settings(format!("{}: {error}", folder.display())))?;
                // A legal record: on the disk before it is acknowledged.
                let local = LocalFileSystem::new_with_prefix(folder).map_err(DocumentStoreError::Place)?;
                Ok(Self { place: Arc::new(local.with_fsync(true)) })
            }
            #[cfg(feature = "s3")]
            DocumentPlace::S3 { bucket, endpoint } => {
                // Of itself the client would try for three minutes, while an upload waits.
                let retry = object_store::RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..Default::default() };
                let client = object_store::ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(PATIENCE);
                let builder = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket);
                let mut builder = builder.with_retry(retry).with_client_options(client);
                if let Some(endpoint) = endpoint {
                    builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
                }
                Ok(Self { place: Arc::new(builder.build().map_err(DocumentStoreError::Place)?) })
            }
            #[cfg(not(feature = "s3"))]
            DocumentPlace::S3 { .. } => {
                Err(DocumentStoreError::Settings("this program was built without the feature `s3`".to_owned()))
            }
        }
    }

    /// Keeps a document; one that is there already stays.
    ///
    /// # Errors
    /// [`DocumentStoreError::Place`]; nothing is left behind.
    pub async fn put(&self, bytes: Bytes) -> Result<DocumentHash, DocumentStoreError> {
        let hash: DocumentHash = Sha256::digest(&bytes).into();
        let options = PutOptions::from(PutMode::Create);
        match self.place.put_opts(&path_of(&hash), PutPayload::from_bytes(bytes), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(hash),
            Err(error) => Err(DocumentStoreError::Place(error)),
        }
    }

    /// Reads a document and holds it against its hash.
    ///
    /// # Errors
    /// [`DocumentStoreError::Missing`], [`DocumentStoreError::Changed`], [`DocumentStoreError::Place`].
    pub async fn get(&self, hash: &DocumentHash) -> Result<Bytes, DocumentStoreError> {
        let found = match self.place.get(&path_of(hash)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(DocumentStoreError::Missing(hex::encode(hash))),
            Err(error) => return Err(DocumentStoreError::Place(error)),
        };
        let bytes = found.bytes().await.map_err(DocumentStoreError::Place)?;
        if Sha256::digest(&bytes).as_slice() == hash {
            Ok(bytes)
        } else {
            Err(DocumentStoreError::Changed(hex::encode(hash)))
        }
    }

    /// Removes a document that nothing refers to: the end of an upload that was refused after it was written.
    ///
    /// # Errors
    /// [`DocumentStoreError::Place`].
    pub async fn remove(&self, hash: &DocumentHash) -> Result<(), DocumentStoreError> {
        match self.place.delete(&path_of(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(DocumentStoreError::Place(error)),
        }
    }
}

/// Two levels of folders, so that none of them grows without bound.
fn path_of(hash: &DocumentHash) -> Path {
    let name = hex::encode(hash);
    let (folder, rest) = name.split_at(2);
    Path::from_iter([folder, rest])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn a_document_is_kept_under_its_hash_and_held_against_it() {
        let home = tempfile::tempdir().unwrap();
        let store = DocumentStore::open(&DocumentPlace::Folder(home.path().join("documents"))).unwrap();
        let hash = run(store.put(Bytes::from_static(b"evidence"))).unwrap();
        assert_eq!(run(store.put(Bytes::from_static(b"evidence"))).unwrap(), hash, "twice is once");
        assert_eq!(run(store.get(&hash)).unwrap(), "evidence");
        let name = hex::encode(hash);
        let file = home.path().join("documents").join(&name[..2]).join(&name[2..]);
        std::fs::write(&file, b"edited").unwrap();
        assert!(matches!(run(store.get(&hash)), Err(DocumentStoreError::Changed(_))));
        run(store.remove(&hash)).unwrap();
        assert!(matches!(run(store.get(&hash)), Err(DocumentStoreError::Missing(_))));
        run(store.remove(&hash)).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_says_so() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a-file");
        std::fs::write(&file, b"").unwrap();
        assert!(DocumentStore::open(&DocumentPlace::Folder(file)).is_err());
    }
}
