//! One form for what every bank and service says of a payment.

use chrono::NaiveDate;
use guildhall_kernel::Money;
use serde::{Deserialize, Serialize};

/// What became of one payment, by a file or message of a bank or service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The payment, by the id that the order gave it: EndToEndId of ISO 20022, individual identification number of
    /// NACHA, `metadata[payout_id]` of Stripe.
    pub end_to_end_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How much, if the report says it. Never negative.
    pub amount: Option<Money>,
    /// The day on which the bank booked it or says that it will.
    pub booked_on: Option<NaiveDate>,
    /// How the bank itself calls the entry. With the id it recognises an entry that is reported twice; alone it doesn't,
    /// because a batch that is booked as one sum has one reference.
    pub entry_reference: Option<String>,
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// Taken, not yet done: the bank is to pay it, or holds it for a check.
    Accepted,
    /// Booked on the debtor's account, or finally settled.
    Settled,
    /// Not done and not to be done: nothing was paid.
    Rejected {
        /// Why, as a code: of the ISO external code set, of NACHA or of Stripe.
        code: String,
        /// Why, in words: the bank's own, else the meaning of the code.
        text: String,
    },
    /// Done, then sent back: the money is again on the debtor's account.
    Returned {
        /// Why, as a code: of the ISO external code set, of NACHA or of Stripe.
        code: String,
        /// Why, in words: the bank's own, else the meaning of the code.
        text: String,
    },
}

/// Which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `pain.002`, customer payment status report.
    Pain002,
    /// `camt.054`, bank to customer debit credit notification.
    Camt054,
    /// `camt.053`, bank to customer statement.
    Camt053,
    /// A NACHA file of returns.
    NachaReturns,
}

/// A status file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFile {
    /// Which file it is.
    pub kind: Kind,
    /// The bank's id of the file, `GrpHdr/MsgId`; of a NACHA file its header's parts. A second file of one kind and id is the
    /// same file.
    pub message_id: String,
    /// What the bank says of an ordered file as a whole, which holds for each of its payments that has no report.
    pub whole: Option<Whole>,
    /// What it says of payments, in its order.
    pub reports: Vec<Report>,
    /// Debits of several payments at once, without the payments.
    pub batches: Vec<Batch>,
    /// What needs a person.
    pub unclear: Vec<Unclear>,
}

/// What a bank says of an ordered file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The id of the ordered file, `OrgnlMsgId`.
    pub message_id: String,
    /// What became of it. [`Outcome::Accepted`] also where only a part was.
    pub outcome: Outcome,
    /// Whether the bank refused some of its payments, which then have reports of their own (`PART`).
    pub in_part: bool,
}

/// A debit of several payments at once, without the payments: compare count and sum with the ordered file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The id of the ordered file: `Btch/PmtInfId`, else `Btch/MsgId`.
    pub message_id: String,
    /// How many payments, if the bank says it.
    pub count: Option<u64>,
    /// The sum.
    pub amount: Option<Money>,
    /// The day on which the bank booked it.
    pub booked_on: Option<NaiveDate>,
    /// How the bank calls the entry.
    pub entry_reference: Option<String>,
}

/// An entry that can't be understood by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The payment, if the entry names one.
    pub end_to_end_id: Option<String>,
    /// What is unclear.
    pub what: String,
}
