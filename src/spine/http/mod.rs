//! The HTTP conventions, each as a piece that every feature uses.

mod body;
mod codes;
mod command;
mod condition;
mod docs;
mod edge;
mod explain;
pub mod export;
mod field;
mod limit;
mod objects;
mod page;
mod path;
mod problem;
pub mod record;
mod samples;
mod serve;
mod upload;

pub use body::{ValidJson, ValidQuery, in_parts, parse as parse_json, read_within};
pub use codes::{CODES, Code, code};
pub use command::{Command, Reply};
pub use condition::{IfMatch, etag, if_none_match};
pub use docs::{describe_errors, describe_optional_parameters, security_schemes, show_errors};
pub use edge::{RequestContext, edge, method_not_allowed, not_found};
pub use field::{Checks, Validate};
pub(crate) use limit::attempt_keys;
pub use limit::{Limits, Verdict};
pub use page::{Page, PageQuery, Paging, with_longer_pages};
pub use path::PathId;
pub use problem::{FieldError, Problem};
pub use serve::{ConnectionIo, serve};
pub use upload::CsvUpload;
