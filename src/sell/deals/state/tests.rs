use super::{DealStatus, IllegalMove, Move, apply};

const LEGAL: [(DealStatus, Move, DealStatus); 16] = [
    (DealStatus::Submitted, Move::Approve, DealStatus::Approved),
    (DealStatus::Submitted, Move::Reject, DealStatus::Rejected),
    (DealStatus::Submitted, Move::RequestInfo, DealStatus::InfoRequested),
    (DealStatus::Submitted, Move::Withdraw, DealStatus::Withdrawn),
    (DealStatus::InfoRequested, Move::Resubmit, DealStatus::Submitted),
    (DealStatus::InfoRequested, Move::Reject, DealStatus::Rejected),
    (DealStatus::InfoRequested, Move::Withdraw, DealStatus::Withdrawn),
    (DealStatus::Approved, Move::Withdraw, DealStatus::Withdrawn),
    (DealStatus::Approved, Move::Expire, DealStatus::Expired),
    (DealStatus::Approved, Move::Release, DealStatus::Released),
    (DealStatus::Approved, Move::Win, DealStatus::Won),
    (DealStatus::Approved, Move::Lose, DealStatus::Lost),
    (DealStatus::Rejected, Move::Appeal, DealStatus::Appealed),
    (DealStatus::Appealed, Move::Approve, DealStatus::Approved),
    (DealStatus::Appealed, Move::Reject, DealStatus::Rejected),
    (DealStatus::Appealed, Move::Withdraw, DealStatus::Withdrawn),
];

#[test]
fn every_pair_of_status_and_move_is_decided_by_the_table() {
    for from in DealStatus::ALL {
        for attempted in Move::ALL {
            let expected = LEGAL
                .iter()
                .find(|row| row.0 == from && row.1 == attempted)
                .map(|row| row.2);
            assert_eq!(apply(from, attempted).ok(), expected, "{from} + {attempted}");
        }
    }
}

#[test]
fn a_refusal_lists_exactly_the_legal_moves() {
    for from in DealStatus::ALL {
        let expected: Vec<Move> = Move::ALL
            .into_iter()
            .filter(|m| LEGAL.iter().any(|row| row.0 == from && row.1 == *m))
            .collect();
        for attempted in Move::ALL {
            if let Err(mut fault) = apply(from, attempted) {
                fault
                    .legal
                    .sort_by_key(|m| Move::ALL.iter().position(|known| known == m));
                assert_eq!(
                    fault,
                    IllegalMove {
                        from,
                        attempted,
                        legal: expected.clone()
                    }
                );
            }
        }
    }
}

#[test]
fn the_message_says_what_to_do() {
    let text = |from, attempted| apply(from, attempted).err().map(|fault| fault.to_string());
    assert_eq!(
        text(DealStatus::Approved, Move::Approve).as_deref(),
        Some(
            "a deal that is approved does not accept the move approve; legal moves are win, lose, release, withdraw, expire"
        ),
    );
    assert_eq!(
        text(DealStatus::Expired, Move::Withdraw).as_deref(),
        Some(
            "a deal that is expired does not accept the move withdraw; this status is final: register a new deal instead"
        ),
    );
}

#[test]
fn a_live_status_is_not_final_and_a_refused_deal_claims_nothing() {
    for status in DealStatus::ALL {
        assert!(!status.is_live() || !status.legal_moves().is_empty(), "{status}");
    }
    assert!(!DealStatus::Rejected.is_live() && !DealStatus::Appealed.is_live());
}

#[test]
fn wire_names_equal_display_names() {
    for status in DealStatus::ALL {
        assert_eq!(serde_json::to_value(status).ok(), Some(status.to_string().into()));
    }
    for m in Move::ALL {
        assert_eq!(serde_json::to_value(m).ok(), Some(m.to_string().into()));
    }
}
