//! The pillar's error codes.

use guildhall_spine::http::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $status:literal $name:literal $title:literal;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Code = Code { name: $name, status: $status, title: $title };)*

        /// All of them.
        pub(crate) const CODES: &[Code] = &[$($constant,)*];
    };
}

codes! {
    /// The message of a payment service isn't signed as it should be.
    BAD_SIGNATURE = 400 "bad_signature" "The message's signature does not hold";
    /// An approved batch stays as it is.
    BATCH_APPROVED = 409 "batch_approved" "The batch is approved and can't be changed";
    /// What is to be paid is not what was approved.
    BATCH_CHANGED = 409 "batch_changed" "The batch is not what was approved";
    /// The day on which the bank was to pay is over.
    EXECUTION_DATE_PASSED = 409 "execution_date_passed" "The execution date has passed";
    /// Nobody can be paid.
    NOTHING_TO_PAY = 409 "nothing_to_pay" "Nobody can be paid by this batch";
    /// What the vendor pays from isn't set.
    PAYER_INCOMPLETE = 409 "payer_incomplete" "The settings that this method pays by are missing";
    /// A payout that no file can hold.
    FILE_REFUSED = 409 "payment_file_refused" "The payment file can't be written";
    /// The vendor is not active.
    VENDOR_NOT_ACTIVE = 409 "vendor_not_active" "The vendor is not active";
    /// The file of a bank can't be read.
    UNREADABLE_STATUS_FILE = 422 "unreadable_status_file" "The status file can't be read";
}
