//! What reason codes mean.

/// The codes that banks give most, of ISO 20022's external code sets `ExternalStatusReason1Code` and
/// `ExternalReturnReason1Code`, with their meanings in short.
const REASONS: [(&str, &str); 62] = [
    ("AB05", "time-out at the creditor's agent"),
    ("AB06", "time-out at the instructed agent"),
    ("AB08", "the creditor's agent is not online"),
    ("AC01", "the account number is wrong or does not exist"),
    ("AC02", "the debtor's account number is wrong"),
    ("AC03", "the creditor's account number is wrong"),
    ("AC04", "the account is closed"),
    ("AC06", "the account is blocked"),
    ("AC07", "the creditor's account is closed"),
    ("AC13", "the debtor's account is of the wrong kind"),
    ("AC14", "the creditor's account is of the wrong kind"),
    ("AC16", "card number invalid"),
    ("AG01", "this kind of transaction is forbidden on the account"),
    ("AG02", "the bank operation code is wrong"),
    ("AG03", "this kind of transaction is not supported on the account"),
    ("AGNT", "the agent is wrong"),
    ("AM01", "the amount is zero"),
    ("AM02", "the amount is over the limit"),
    ("AM03", "the currency is not allowed"),
    ("AM04", "not enough money on the account"),
    ("AM05", "a duplicate"),
    ("AM06", "the amount is too low"),
    ("AM07", "the amount is blocked"),
    ("AM09", "the amount is not the expected one"),
    ("AM10", "the control sum is wrong"),
    ("AM11", "the currency is wrong or missing"),
    ("AM18", "the number of transactions is wrong"),
    ("BE01", "the account's holder has another name"),
    ("BE04", "the creditor's address is missing or wrong"),
    ("BE05", "the initiating party is unknown"),
    ("BE06", "the customer is unknown at this bank"),
    ("BE07", "the debtor's address is missing or wrong"),
    ("CNOR", "the creditor's bank is not registered under this BIC"),
    ("CUST", "at the customer's request"),
    ("DNOR", "the debtor's bank is not registered under this BIC"),
    ("DS02", "the order was cancelled"),
    ("DS04", "the order was rejected by the bank"),
    ("DT01", "the date is wrong"),
    ("DU01", "the message id was used before"),
    ("DU02", "the payment information id was used before"),
    ("DU03", "the transaction was sent before"),
    ("DU04", "the end-to-end id was used before"),
    ("DUPL", "a duplicate"),
    ("ED05", "settlement failed"),
    ("ERIN", "extended remittance information is not supported"),
    ("FF01", "the file's format is wrong"),
    ("FOCR", "returned after a request to cancel"),
    ("FR01", "returned because of fraud"),
    ("MD07", "the account's holder has died"),
    ("MS02", "the customer gave no reason"),
    ("MS03", "the bank gave no reason"),
    ("NARR", "see the bank's text"),
    ("NOAS", "no answer from the customer"),
    ("RC01", "the bank's code is wrong"),
    ("RR01", "missing, by regulation: the debtor's account or identification"),
    ("RR02", "missing, by regulation: the debtor's name or address"),
    ("RR03", "missing, by regulation: the creditor's name or address"),
    ("RR04", "a regulatory reason"),
    ("SL01", "a specific service of the bank refused it"),
    ("TECH", "a technical problem, by which the payment was made wrongly"),
    ("TM01", "received after the cut-off time"),
    ("UPAY", "the payment is undue"),
];

/// What a reason code means, in short: those of ISO 20022's external code sets and of NACHA (`R01` to `R85`) that banks
/// give most. `None` of another, and of a bank's own.
#[must_use]
pub fn meaning(code: &str) -> Option<&'static str> {
    let mut all = REASONS.iter().chain(&crate::nacha::RETURN_REASONS);
    all.find(|(listed, _)| *listed == code).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_meanings() {
        assert_eq!(meaning("AC04"), Some("the account is closed"));
        assert_eq!(meaning("R03"), Some("no account, or its holder has another name"));
        assert_eq!(meaning("ZZ99"), None);
    }
}
