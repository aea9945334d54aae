//! Why a status file can't be read.

use super::MOST_BYTES;

/// Why a status file can't be read: nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusFault {
    /// The file is too large.
    #[error("the file has {is} bytes, more than {MOST_BYTES}: ask the bank for one file per day or batch")]
    TooLarge {
        /// Its size in bytes.
        is: usize,
    },
    /// The file isn't UTF-8.
    #[error("the file is not UTF-8 from byte {at} on: convert it, or ask the bank for UTF-8")]
    Encoding {
        /// The first byte that isn't.
        at: usize,
    },
    /// The file isn't well-formed XML.
    #[error("line {line}: not well-formed XML: {what}")]
    Xml {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The file has a document type or refers to an entity, which no bank's file does.
    #[error("line {line}: {what} is not allowed in a bank's file")]
    Forbidden {
        /// The line, from 1.
        line: usize,
        /// What it has.
        what: &'static str,
    },
    /// Elements are nested more deeply than in any of the messages.
    #[error("line {line}: elements are nested more than {max} deep")]
    Depth {
        /// The line, from 1.
        line: usize,
        /// The greatest depth.
        max: usize,
    },
    /// The file is another message.
    #[error("this is {found:?}, not pain.002, camt.053 or camt.054 of ISO 20022")]
    Message {
        /// The namespace of its root element, or the element's name.
        found: String,
    },
    /// An element without which the file can't be identified is missing or empty.
    #[error("{element} is missing")]
    Missing {
        /// Its path.
        element: &'static str,
    },
    /// A record of a NACHA file is not what it must be.
    #[error("record {line}: {what}")]
    Record {
        /// The record, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}
