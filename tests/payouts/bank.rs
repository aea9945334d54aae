//! A bank's files.

use axum::http::Method;
use serde_json::Value;

use crate::support::{Answer, Caller};

pub(super) async fn send(who: &Caller, file: &str) -> Answer {
    let headers = [("content-type", "application/xml")];
    who.send(
        Method::POST,
        "/api/v1/payout-batches/status-files",
        &headers,
        file.to_owned(),
    )
    .await
}

/// A pain.002 with the statuses of payments.
pub(super) fn pain002(id: &str, payments: &[(&str, &str)]) -> String {
    let payment = |(id, status): &(&str, &str)| {
        let reason = if *status == "RJCT" {
            "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
        } else {
            ""
        };
        format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}</TxInfAndSts>")
    };
    let payments: String = payments.iter().map(payment).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-03-03T10:00:00Z</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>other</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>\
         <OrgnlPmtInfAndSts><OrgnlPmtInfId>other</OrgnlPmtInfId>{payments}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )
}

/// A camt.054 with a debit, or with the credit of what came back.
pub(super) fn camt054(id: &str, payment: &str, amount: &str, returned: bool) -> String {
    let (sign, reason) = if returned {
        ("CRDT", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    } else {
        ("DBIT", "")
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn>\
         <GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-03-04T10:00:00Z</CreDtTm></GrpHdr><Ntfctn><Id>1</Id>\
         <Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-03-04</Dt></BookgDt><BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>{payment}</EndToEndId></Refs>\
         <Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{reason}</TxDtls></NtryDtls></Ntry></Ntfctn>\
         </BkToCstmrDbtCdtNtfctn></Document>"
    )
}

pub(super) fn name(payout: &Value) -> String {
    payout["id"].as_str().unwrap().strip_prefix("pay_").unwrap().to_owned()
}

/// A camt.054 or camt.053 with debits of a whole file each, without its payments.
pub(super) fn debits(message: &str, id: &str, batches: &[(&str, usize, &str)]) -> String {
    let (root, part) = match message {
        "camt.053" => ("BkToCstmrStmt", "Stmt"),
        _ => ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    };
    let entry = |(batch, count, amount): &(&str, usize, &str)| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-03-04</Dt></BookgDt><BkTxCd/><NtryDtls><Btch><PmtInfId>{batch}</PmtInfId>\
             <NbOfTxs>{count}</NbOfTxs></Btch></NtryDtls></Ntry>"
        )
    };
    let entries: String = batches.iter().map(entry).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{message}.001.08\"><{root}>\
         <GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-03-04T10:00:00Z</CreDtTm></GrpHdr><{part}><Id>1</Id>{entries}</{part}>\
         </{root}></Document>"
    )
}
