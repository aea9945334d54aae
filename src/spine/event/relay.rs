//! Wake-ups between nodes over Redis. Only the signal crosses: every node reads the events from PostgreSQL, so a
//! message that is lost costs a poll interval and nothing else.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio_util::sync::CancellationToken;

use super::Wake;

/// Time that Redis has to connect and to answer before it counts as gone.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_secs(1);

/// The link to the other nodes.
#[derive(Clone, Debug)]
pub struct Relay {
    client: Client,
    channel: String,
    node: String,
}

impl Relay {
    /// A link over the Redis at `url`. Nodes that share `deployment` hear each other; `node` is this one's own name.
    ///
    /// # Errors
    /// When `url` is not a Redis address.
    pub fn new(url: &str, deployment: &str, node: String) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(url)?,
            channel: format!("guildhall:{deployment}:wake"),
            node,
        })
    }

    fn config() -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
    }

    /// Passes signals both ways until `stop`, and connects anew for as long as Redis is away.
    pub async fn run(self, wake: Arc<Wake>, stop: CancellationToken) {
        let speak = self.keep("publish", || self.speak(&wake), &stop);
        let hear = self.keep("subscribe", || self.hear(&wake), &stop);
        tokio::join!(speak, hear);
    }

    async fn keep<F>(&self, what: &str, work: impl Fn() -> F, stop: &CancellationToken)
    where
        F: Future<Output = RedisError>,
    {
        let mut told = false;
        loop {
            let began = tokio::time::Instant::now();
            tokio::select! {
                () = stop.cancelled() => return,
                error = work() => {
                    told &= began.elapsed() < 2 * PAUSE;
                    if !told {
                        told = true;
                        tracing::warn!(what, %error, "Redis is away: other nodes' events come by polling until it is back");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn speak(&self, wake: &Wake) -> RedisError {
        let mut signal = wake.listen_here();
        let mut link = match self
            .client
            .get_multiplexed_async_connection_with_config(&Self::config())
            .await
        {
            Ok(link) => link,
            Err(error) => return error,
        };
        loop {
            // At once, too: what happened while the link was down was told to nobody.
            let told = redis::cmd("PUBLISH")
                .arg(&self.channel)
                .arg(&self.node)
                .query_async::<i64>(&mut link)
                .await;
            if let Err(error) = told {
                return error;
            }
            if signal.changed().await.is_err() {
                return RedisError::from((redis::ErrorKind::Client, "the wake is gone"));
            }
        }
    }

    async fn hear(&self, wake: &Wake) -> RedisError {
        let connect = async {
            let mut link = self.client.get_async_pubsub().await?;
            link.subscribe(&self.channel).await?;
            Ok::<_, RedisError>(link)
        };
        let mut link = match tokio::time::timeout(PATIENCE, connect).await {
            Ok(Ok(link)) => link,
            Ok(Err(error)) => return error,
            Err(_) => return RedisError::from((redis::ErrorKind::Io, "no answer in time")),
        };
        // Whatever was said while nobody listened.
        wake.heard();
        let mut messages = link.on_message();
        while let Some(message) = messages.next().await {
            if message.get_payload::<String>().is_ok_and(|from| from != self.node) {
                wake.heard();
            }
        }
        RedisError::from((redis::ErrorKind::Io, "the connection ended"))
    }
}
