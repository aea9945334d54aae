//! Where files are: a folder, or a bucket that speaks the S3 protocol.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream::BoxStream};
use guildhall_kernel::FileId;
use object_store::{
    ObjectStore, ObjectStoreExt, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem, path::Path as Key,
    prefix::PrefixStore,
};

use crate::{config::StorageConfig, http::Problem};

/// The store of files. What a file is called, and whose it is, is in the database; here lie its bytes, under its id.
#[derive(Clone, Debug)]
pub struct Files(Arc<dyn ObjectStore>);

impl Files {
    /// The store that the settings name; the folder is made if it isn't there.
    ///
    /// # Errors
    /// What is wrong with the setting.
    pub fn open(config: &StorageConfig, data: &Path) -> Result<Self, String> {
        if let Some(url) = &config.url {
            return Self::bucket(url);
        }
        let folder = config.folder.clone().unwrap_or_else(|| data.join("files"));
        std::fs::create_dir_all(&folder).map_err(|error| format!("storage.folder {}: {error}", folder.display()))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| format!("storage.folder {}: {error}", folder.display()))?;
        Ok(Self(Arc::new(store)))
    }

    fn bucket(url: &str) -> Result<Self, String> {
        let rest = url
            .strip_prefix("s3://")
            .ok_or_else(|| format!("storage.url: {url:?} must be like s3://bucket/prefix"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(|error| format!("storage.url: {error}; credentials come from the AWS_* variables"))?;
        Ok(Self(Arc::new(PrefixStore::new(store, prefix))))
    }

    /// Stores the bytes of a file. Done before the row that names it is written: a crash between leaves bytes without a
    /// row, never a row without bytes.
    ///
    /// # Errors
    /// 500 when the store fails.
    pub async fn put(&self, id: FileId, bytes: Bytes) -> Result<(), Problem> {
        self.0.put(&key(id), bytes.into()).await.map_err(Problem::internal)?;
        Ok(())
    }

    /// Stores the bytes of a file as they come, in pieces, so that it need not fit in memory. As with [`Files::put`], the
    /// row comes after. What `inspect` refuses, or a stream that breaks off, ends it and leaves nothing.
    ///
    /// # Errors
    /// What `inspect` or the stream says, or 500 when the store fails.
    pub async fn put_stream<S>(&self, id: FileId, mut parts: S, inspect: &mut impl Inspect) -> Result<(), Problem>
    where
        S: Stream<Item = Result<Bytes, Problem>> + Unpin + Send,
    {
        let upload = self.0.put_multipart(&key(id)).await.map_err(Problem::internal)?;
        let mut writer = WriteMultipart::new(upload);
        let taken = async {
            while let Some(part) = parts.next().await {
                let part = part?;
                inspect.part(&part)?;
                let room = writer.wait_for_capacity(PARTS_UNDER_WAY).await;
                room.map_err(Problem::internal)?;
                writer.put(part);
            }
            inspect.end()
        };
        if let Err(refused) = taken.await {
            // What the store keeps of it nevertheless is for its own housekeeping.
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "an upload could not be given up");
            }
            return Err(refused);
        }
        writer.finish().await.map_err(Problem::internal)?;
        Ok(())
    }

    /// The bytes of a file as they come.
    ///
    /// # Errors
    /// 500 when the store fails or doesn't have it.
    pub async fn get(&self, id: FileId) -> Result<BoxStream<'static, std::io::Result<Bytes>>, Problem> {
        let found = self.0.get(&key(id)).await.map_err(Problem::internal)?;
        Ok(found
            .into_stream()
            .map(|part| part.map_err(std::io::Error::other))
            .boxed())
    }

    /// Writes a file of its own, reads it back and forgets it; returns where that was.
    ///
    /// # Errors
    /// What is wrong with the store.
    pub async fn probe(&self, id: FileId) -> Result<String, String> {
        let sent = Bytes::from(id.to_string());
        let tried = async {
            self.0.put(&key(id), sent.clone().into()).await?;
            let back = self.0.get(&key(id)).await?.bytes().await?;
            self.0.delete(&key(id)).await?;
            Ok::<_, object_store::Error>(back)
        };
        match tried.await {
            Ok(back) if back == sent => Ok(self.0.to_string()),
            Ok(_) => Err(format!("{}: a file came back with other content", self.0)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Forgets a file; one that isn't there is no error.
    ///
    /// # Errors
    /// 500 when the store fails.
    pub async fn delete(&self, id: FileId) -> Result<(), Problem> {
        match self.0.delete(&key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Problem::internal(error)),
        }
    }
}

/// How many parts of a file are under way to the store at once.
const PARTS_UNDER_WAY: usize = 2;

/// Looks at a file while it is stored, and may refuse it.
pub trait Inspect: Send {
    /// Sees the next bytes, before they are stored.
    ///
    /// # Errors
    /// Why the file is refused.
    fn part(&mut self, part: &[u8]) -> Result<(), Problem>;

    /// Has seen all of them; the file is not there yet.
    ///
    /// # Errors
    /// Why the file is refused.
    fn end(&mut self) -> Result<(), Problem>;
}

/// Spread over folders by the end of the id: its beginning is the time.
fn key(id: FileId) -> Key {
    let name = id.uuid().simple().to_string();
    let (_, end) = name.split_at(name.len() - 2);
    Key::from(format!("{end}/{name}"))
}
