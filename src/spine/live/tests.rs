//! The live layer over real loopback connections, with tokio-tungstenite as the client.

mod joining;
mod limits;
mod messages;
mod outgoing;
mod resume;
mod stage;
mod wire;
