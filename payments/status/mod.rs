//! What banks say became of payments: `pain.002` and `camt.054` (and `camt.053`, which has the same entries) of ISO 20022.
//!
//! ```
//! # use guildhall_payments::status::{read, Outcome};
//! let file = read(br#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
//!   <GrpHdr><MsgId>ANSWER-1</MsgId><CreDtTm>2026-03-03T10:00:00Z</CreDtTm></GrpHdr>
//!   <OrgnlGrpInfAndSts><OrgnlMsgId>GH-17</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>
//!   <OrgnlPmtInfAndSts><OrgnlPmtInfId>GH-17</OrgnlPmtInfId><TxInfAndSts>
//!     <OrgnlEndToEndId>payout-1</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>
//!   </TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#)?;
//! assert_eq!(file.message_id, "ANSWER-1");
//! assert!(matches!(&file.reports[0].outcome, Outcome::Rejected { code, .. } if code == "AC04"));
//! # Ok::<(), guildhall_payments::status::StatusFault>(())
//! ```

mod camt054;
mod fault;
mod pain002;
mod reasons;
mod record;
mod report;
mod walker;

pub use fault::StatusFault;
pub use reasons::meaning;
pub use report::{Batch, Kind, Outcome, Report, StatusFile, Unclear, Whole};

use walker::Walker;

/// The largest file, in bytes. A `pain.002` of 50 000 transfers has about 50 MB.
pub const MOST_BYTES: usize = 128 * 1024 * 1024;

/// Reads a status file: which of them it is, its namespace says, of whichever version.
///
/// # Errors
/// A file that is too large, isn't well-formed UTF-8 XML, has a document type or entities, is nested too deeply, is another
/// message, or lacks what identifies it. What is wrong with a single entry is no error: see [`StatusFile::unclear`].
pub fn read(bytes: &[u8]) -> Result<StatusFile, StatusFault> {
    if bytes.len() > MOST_BYTES {
        return Err(StatusFault::TooLarge { is: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|fault| StatusFault::Encoding {
        at: fault.valid_up_to(),
    })?;
    let walker = Walker::open(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    match walker.kind() {
        Kind::Pain002 => pain002::read(walker),
        _ => camt054::read(walker),
    }
}
