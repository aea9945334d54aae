//! Who the customer of a deal is, brought to forms that can be compared for equality.
//!
//! Two partners who register the same customer rarely type the same: one pastes a link, the other a mail address;
//! one writes "Müller GmbH & Co. KG", the other "Mueller". What is compared is never what was typed but these keys.

mod domain;
mod email;
mod host;
mod legal_forms;
mod likeness;
mod name;
mod name_keys;
mod spelling;

pub use domain::{DomainFault, RegistrableDomain};
pub use email::{EmailFault, EmailKey};
pub use host::HostFault;
pub use likeness::Likeness;
pub use name::{NameFault, NameKey, TrigramText};
pub use name_keys::NameKeys;
