//! Request limits (GCRA, in process), told in the `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-10.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use axum::http::{HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use uuid::Uuid;

use super::{Problem, code};
use crate::config::RateLimitConfig;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The limits of this node.
#[derive(Debug)]
pub struct Limits {
    principal: Option<Bucket<Uuid>>,
    address: Option<Bucket<IpAddr>>,
    login: Option<Bucket<String>>,
    crowd: Option<Bucket<String>>,
}

/// How many times as often an address may log in as an account.
const CROWD: u32 = 10;

#[derive(Debug)]
struct Bucket<K: std::hash::Hash + Eq + Clone + std::fmt::Debug> {
    limiter: Limiter<K>,
    policy: &'static str,
    burst: u32,
    window: u64,
}

/// What a limiter said of one request.
#[derive(Clone, Debug)]
pub struct Verdict {
    policy: &'static str,
    burst: u32,
    window: u64,
    remaining: u32,
    wait: Option<Duration>,
}

impl<K: std::hash::Hash + Eq + Clone + std::fmt::Debug> Bucket<K> {
    fn new(policy: &'static str, per_minute: u32, burst: u32) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?).allow_burst(NonZeroU32::new(burst)?);
        let window = (u64::from(burst) * 60).div_ceil(u64::from(per_minute));
        Some(Self {
            limiter: RateLimiter::dashmap(quota).with_middleware(),
            policy,
            burst,
            window,
        })
    }

    fn check(&self, key: &K) -> Verdict {
        let (remaining, wait) = match self.limiter.check_key(key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(full) => (0, Some(full.wait_time_from(DefaultClock::default().now()))),
        };
        Verdict {
            policy: self.policy,
            burst: self.burst,
            window: self.window,
            remaining,
            wait,
        }
    }
}

impl Verdict {
    /// The problem to answer with when the limit is reached.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        let seconds = self.wait?.as_secs().saturating_add(1);
        let detail = format!(
            "The limit is {} at once and {} in {} s: try again in {seconds} s.",
            self.burst, self.burst, self.window
        );
        Some(Problem::new(code::RATE_LIMITED, detail).retry_after(seconds))
    }

    /// The `RateLimit-Policy` and `RateLimit` fields.
    #[must_use]
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        let reset = self.wait.map_or(0, |wait| wait.as_secs().saturating_add(1));
        let policy = format!("\"{}\";q={};w={}", self.policy, self.burst, self.window);
        let state = format!("\"{}\";r={};t={reset}", self.policy, self.remaining);
        let value = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        [
            (HeaderName::from_static("ratelimit-policy"), value(policy)),
            (HeaderName::from_static("ratelimit"), value(state)),
        ]
    }
}

impl Limits {
    /// Limits by `config`.
    #[must_use]
    pub fn new(config: &RateLimitConfig) -> Self {
        if !config.enabled {
            return Self {
                principal: None,
                address: None,
                login: None,
                crowd: None,
            };
        }
        let anonymous_burst = config.burst.min(config.anonymous_per_minute);
        Self {
            principal: Bucket::new("actor", config.per_minute, config.burst),
            address: Bucket::new("address", config.anonymous_per_minute, anonymous_burst),
            login: Bucket::new("login", config.login_per_minute, config.login_per_minute),
            crowd: Bucket::new(
                "login",
                config.login_per_minute.saturating_mul(CROWD),
                config.login_per_minute.saturating_mul(CROWD),
            ),
        }
    }

    /// Counts a request of a user or API key.
    #[must_use]
    pub fn principal(&self, principal: Uuid) -> Option<Verdict> {
        self.principal.as_ref().map(|bucket| bucket.check(&principal))
    }

    /// Counts a request without a valid token. An IPv6 address counts as its /64, which is what one customer gets.
    #[must_use]
    pub fn address(&self, ip: IpAddr) -> Option<Verdict> {
        self.address.as_ref().map(|bucket| bucket.check(&network(ip)))
    }

    /// Counts an attempt at `what` (`login`, `reset`, …) by one address and, in a bucket of its own, for one
    /// account, whether it exists or not.
    ///
    /// # Errors
    /// 429.
    pub fn attempt(&self, what: &str, account: &str, ip: IpAddr) -> Result<(), Problem> {
        let Some(bucket) = &self.login else { return Ok(()) };
        for key in attempt_keys(what, account, ip) {
            if let Some(problem) = bucket.check(&key).problem() {
                return Err(problem);
            }
        }
        Ok(())
    }

    /// The same for log-ins. People behind one address log in each for themselves, so it is let ten times as many;
    /// that few of them fail is seen to where failures are counted.
    ///
    /// # Errors
    /// 429.
    pub fn login(&self, what: &str, account: &str, ip: IpAddr) -> Result<(), Problem> {
        let [account, address] = attempt_keys(what, account, ip);
        for (bucket, key) in [(&self.login, account), (&self.crowd, address)] {
            let problem = bucket.as_ref().and_then(|bucket| bucket.check(&key).problem());
            if let Some(problem) = problem {
                return Err(problem);
            }
        }
        Ok(())
    }

    /// Forgets those whose buckets are full again. To be called now and then.
    pub fn forget_idle(&self) {
        if let Some(bucket) = &self.principal {
            bucket.limiter.retain_recent();
        }
        if let Some(bucket) = &self.address {
            bucket.limiter.retain_recent();
        }
        for bucket in [&self.login, &self.crowd].into_iter().flatten() {
            bucket.limiter.retain_recent();
        }
    }
}

/// What an attempt is counted under.
pub(crate) fn attempt_keys(what: &str, account: &str, ip: IpAddr) -> [String; 2] {
    [
        format!("{what} account {account}"),
        format!("{what} address {}", network(ip)),
    ]
}

fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
    }
}
