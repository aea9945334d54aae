//! Where randomness comes from.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use rand::{RngCore, SeedableRng, rngs::StdRng};

/// The source of random bytes: the operating system's, or a seeded one that makes a run repeatable. Clones share
/// one stream.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}

impl Entropy {
    /// Cryptographically secure bytes, seeded by the operating system.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A repeatable stream for demo data and tests; never for secrets.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills `buffer` with random bytes.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for random bytes")]
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            Source::System => rand::rng().fill_bytes(buffer),
            Source::Seeded(rng) => rng.lock().fill_bytes(buffer),
        }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// An unguessable token of 256 bits, URL-safe base64 without padding (43 characters).
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}
