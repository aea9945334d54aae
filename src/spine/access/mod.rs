//! Who may do what: roles, permissions and the one matrix that joins them.

mod matrix;
mod may;
mod role;

pub use matrix::{Permission, Permissions, right};
pub use may::{May, Right};
pub(crate) use may::{lacks, stands_nowhere};
pub use role::{OrgKind, Role};
