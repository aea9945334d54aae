//! The invariant of `subscriptions`, under random interleavings of commits, publishing and joining.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    event::{Position, Topic},
    live::{
        Frame, LiveEvent, TopicSet,
        protocol::SubscriptionId,
        registry::{Members, Registry},
        subscriptions::{Offer, Selection, Step, Subscriptions},
    },
};

const MEMBERS: usize = 3;
const HELD: usize = 3;

#[derive(Clone, Debug)]
struct Fact {
    position: Position,
    audiences: Vec<Uuid>,
    topics: TopicSet,
    subject: Option<Uuid>,
    frame: Frame,
}

impl Fact {
    fn event(&self) -> LiveEvent<'_> {
        LiveEvent {
            position: self.position,
            audiences: &self.audiences,
            topics: self.topics,
            subject: self.subject,
            frame: &self.frame,
        }
    }

    fn suits(&self, selection: &Selection) -> bool {
        self.audiences.contains(&selection.audience)
            && selection.topics.meets(self.topics)
            && selection.subject.is_none_or(|subject| self.subject == Some(subject))
    }
}

#[derive(Clone, Debug)]
enum Act {
    Commit {
        audiences: u8,
        topic: bool,
        subject: bool,
    },
    Publish,
    Subscribe {
        member: usize,
        audience: u8,
        topic: Option<bool>,
        subject: bool,
        since: Option<prop::sample::Index>,
    },
    Unsubscribe {
        member: usize,
        which: prop::sample::Index,
    },
    Advance {
        member: usize,
        page: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let member = 0..MEMBERS;
    prop_oneof![
        4 => (1..4_u8, any::<bool>(), any::<bool>())
            .prop_map(|(audiences, topic, subject)| Act::Commit { audiences, topic, subject }),
        8 => Just(Act::Publish),
        2 => (member.clone(), 0..2_u8, any::<Option<bool>>(), any::<bool>(), any::<Option<prop::sample::Index>>())
            .prop_map(|(member, audience, topic, subject, since)| {
                Act::Subscribe { member, audience, topic, subject, since }
            }),
        1 => (member.clone(), any::<prop::sample::Index>())
            .prop_map(|(member, which)| Act::Unsubscribe { member, which }),
        6 => (member, 1..4_usize).prop_map(|(member, page)| Act::Advance { member, page }),
    ]
}

struct Member {
    subscriptions: Mutex<Subscriptions>,
    got: Mutex<Vec<Position>>,
    begun: Mutex<Vec<Begun>>,
}

impl Member {
    fn get(&self, fact: &Fact) {
        let wanted = |begun: &Begun| fact.position > begun.start && fact.suits(&begun.selection);
        assert!(self.begun.lock().iter().any(wanted), "nobody asked for {fact:?}");
        self.got.lock().push(fact.position);
    }
}

/// A subscription that a member has: what it asked for, and how much the member had got before.
struct Begun {
    selection: Selection,
    start: Position,
    marker: usize,
}

struct Play {
    log: Vec<Fact>,
    published: usize,
    under_way: Option<(usize, VecDeque<Arc<Member>>)>,
    registry: Registry<Member>,
    members: Vec<Arc<Member>>,
    ids: u32,
    churned: bool,
}

fn audience(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

fn topic(deals: bool) -> TopicSet {
    if deals {
        Topic::Deals.into()
    } else {
        Topic::Partnerships.into()
    }
}

impl Play {
    fn new() -> Self {
        let member = || {
            Arc::new(Member {
                subscriptions: Mutex::new(Subscriptions::new(TopicSet::ALL, HELD, 1 << 20)),
                got: Mutex::default(),
                begun: Mutex::default(),
            })
        };
        Self {
            log: Vec::new(),
            published: 0,
            under_way: None,
            registry: Registry::new(Position::START),
            members: (0..MEMBERS).map(|_| member()).collect(),
            ids: 0,
            churned: false,
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Commit {
                audiences,
                topic: deals,
                subject,
            } => {
                let number = i64::try_from(self.log.len()).unwrap() + 1;
                let heard = (0..2).filter(|bit| audiences & (1 << bit) != 0).map(audience);
                self.log.push(Fact {
                    position: Position {
                        tx: number / 3,
                        seq: number,
                    },
                    audiences: heard.collect(),
                    topics: topic(deals),
                    subject: subject.then_some(Uuid::from_u128(99)),
                    frame: Frame::text(number.to_string()),
                });
            }
            Act::Publish => self.publish(),
            Act::Subscribe {
                member,
                audience: number,
                topic: only,
                subject,
                since,
            } => {
                self.ids += 1;
                let selection = Selection {
                    id: SubscriptionId::try_from(self.ids.to_string()).unwrap(),
                    audience: audience(number),
                    own: false,
                    topics: only.map_or(TopicSet::ALL, topic),
                    subject: subject.then_some(Uuid::from_u128(99)),
                };
                let since = since.map(|index| match index.index(self.log.len() + 1) {
                    0 => Position::START,
                    place => self.log[place - 1].position,
                });
                self.subscribe(member, selection, since);
            }
            Act::Unsubscribe { member, which } => self.unsubscribe(member, &which),
            Act::Advance { member, page } => {
                self.advance(member, page);
            }
        }
    }

    /// One smallest part of publishing: begin an event, offer it to one member, finish it.
    fn publish(&mut self) {
        match &mut self.under_way {
            None if self.published < self.log.len() => {
                let fact = &self.log[self.published];
                let groups: Vec<Members<Member>> = self.registry.begin(fact.position, &fact.audiences);
                let members = groups.iter().flat_map(|group| group.iter().cloned()).collect();
                self.under_way = Some((self.published, members));
                self.published += 1;
            }
            None => {}
            Some((place, members)) => {
                let fact = &self.log[*place];
                if let Some(member) = members.pop_front() {
                    if member.subscriptions.lock().offer(&fact.event()) == Offer::Send {
                        member.get(fact);
                    }
                } else {
                    self.registry.finish(fact.position);
                    self.under_way = None;
                }
            }
        }
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(u128::try_from(number).unwrap() + 1000)
    }

    fn subscribe(&mut self, number: usize, selection: Selection, since: Option<Position>) {
        let member = &self.members[number];
        self.registry.join(selection.audience, Self::id(number), member);
        let start = member
            .subscriptions
            .lock()
            .attach(selection.clone(), since, self.registry.standing());
        assert!(
            since.is_none_or(|since| since == start),
            "a client gets again what it has"
        );
        let marker = member.got.lock().len();
        member.begun.lock().push(Begun {
            selection,
            start,
            marker,
        });
    }

    fn unsubscribe(&mut self, number: usize, which: &prop::sample::Index) {
        let member = &self.members[number];
        let mut begun = member.begun.lock();
        if begun.is_empty() {
            return;
        }
        let place = which.index(begun.len());
        let ended = begun.remove(place);
        self.churned = true;
        let detached = member.subscriptions.lock().detach(&ended.selection.id).unwrap();
        if let Some(audience) = detached.unneeded {
            self.registry.leave(audience, Self::id(number));
        }
    }

    /// One step of a member that catches up; false when it is live.
    fn advance(&self, number: usize, page: usize) -> bool {
        let member = &self.members[number];
        let mut subscriptions = member.subscriptions.lock();
        match subscriptions.step() {
            Step::Live => return false,
            Step::Hold => subscriptions.hold(self.registry.standing()),
            Step::Read {
                audiences,
                after,
                until,
            } => {
                let due = |fact: &&Fact| {
                    fact.position > after
                        && until.is_none_or(|until| fact.position <= until)
                        && fact.audiences.iter().any(|audience| audiences.contains(audience))
                };
                let read: Vec<&Fact> = self.log.iter().filter(due).take(page).collect();
                for fact in &read {
                    if subscriptions.replay(&fact.event()) {
                        member.get(fact);
                    }
                }
                let last = read.len() < page;
                subscriptions.page_end(until.filter(|_| last), last);
            }
            Step::Release => {
                if let Some(frame) = subscriptions.release() {
                    let fact = self.log.iter().find(|fact| fact.frame == frame).unwrap();
                    member.get(fact);
                }
            }
        }
        true
    }

    fn finish(&mut self) {
        while self.published < self.log.len() || self.under_way.is_some() {
            self.publish();
        }
        for number in 0..MEMBERS {
            let mut steps = 0;
            while self.advance(number, 2) {
                steps += 1;
                assert!(steps < 10_000, "a member never becomes live");
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for member in &self.members {
            let got = member.got.lock();
            for begun in member.begun.lock().iter() {
                let suits = |position: &Position| {
                    *position > begun.start
                        && self
                            .log
                            .iter()
                            .any(|fact| fact.position == *position && fact.suits(&begun.selection))
                };
                let wanted: Vec<Position> = self.log.iter().map(|fact| fact.position).filter(suits).collect();
                let mut heard: Vec<Position> = got.iter().copied().filter(suits).collect();
                let after: Vec<Position> = got[begun.marker..].iter().copied().filter(suits).collect();
                prop_assert!(after.is_sorted(), "out of order: {after:?}");
                heard.sort_unstable();
                if self.churned {
                    heard.dedup();
                }
                prop_assert_eq!(heard, wanted, "subscription {:?}", begun.selection);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn each_subscriber_sees_each_matching_event_exactly_once_in_order(acts in prop::collection::vec(act(), 1..120)) {
        let mut play = Play::new();
        for act in acts {
            play.act(act);
        }
        play.finish();
        play.check()?;
    }
}
