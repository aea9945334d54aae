//! Several words on one payout, in the order in which they were said.

use std::collections::{BTreeMap, HashMap};

use guildhall_kernel::PayoutId;

use crate::payouts::apply::Told;

/// Puts words into rounds, so that a round names each payout once and those on one payout keep their order.
pub(super) fn rounds(words: Vec<Told>) -> Vec<Vec<Told>> {
    let mut turns: HashMap<PayoutId, usize> = HashMap::new();
    let mut rounds: Vec<Vec<Told>> = Vec::new();
    for word in words {
        let turn = turns.entry(word.payout).or_default();
        match rounds.get_mut(*turn) {
            Some(round) => round.push(word),
            None => rounds.push(vec![word]),
        }
        *turn += 1;
    }
    rounds
}

/// The most that a file can say of one payout and be believed: sent, paid and returned, with room for repetitions.
const MOST: usize = 8;

/// Leaves out payouts of which more than [`MOST`] words are said, since each is a round of its own. Returns the words that
/// remain, and of which payouts how many were left out.
pub(super) fn bounded(mut words: Vec<Told>) -> (Vec<Told>, BTreeMap<PayoutId, usize>) {
    let mut counts: BTreeMap<PayoutId, usize> = BTreeMap::new();
    for word in &words {
        *counts.entry(word.payout).or_default() += 1;
    }
    counts.retain(|_, count| *count > MOST);
    words.retain(|word| !counts.contains_key(&word.payout));
    (words, counts)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::payouts::rules::Word;

    #[test]
    fn words_on_one_payout_keep_their_order() {
        let told = |id: u128, word| Told {
            payout: Uuid::from_u128(id).into(),
            word,
            code: None,
            reason: None,
            reference: None,
            amount: None,
        };
        let words = vec![
            told(1, Word::Paid),
            told(2, Word::Paid),
            told(1, Word::Returned),
            told(3, Word::Failed),
            told(1, Word::Paid),
        ];
        let rounds: Vec<Vec<(u128, Word)>> = rounds(words)
            .into_iter()
            .map(|round| {
                round
                    .into_iter()
                    .map(|one| (one.payout.uuid().as_u128(), one.word))
                    .collect()
            })
            .collect();
        let expected = [
            vec![(1, Word::Paid), (2, Word::Paid), (3, Word::Failed)],
            vec![(1, Word::Returned)],
            vec![(1, Word::Paid)],
        ];
        assert_eq!(rounds, expected);
    }
}
