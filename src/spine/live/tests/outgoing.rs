//! The outbox: whatever the kernel takes at a time, the peer gets whole frames in order.

use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
};

use bytes::Bytes;
use proptest::prelude::*;

use crate::live::outbox::{Bounds, Flushed, Outbox, Pushed, Wire};

/// A connection that takes as many bytes as it was given room for.
#[derive(Default)]
struct Pipe {
    room: Cell<usize>,
    taken: RefCell<Vec<u8>>,
}

impl Wire for Pipe {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(self.room.get());
        if length == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.set(self.room.get() - length);
        self.taken.borrow_mut().extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn write_many(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let all: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        self.write(&all)
    }
}

#[derive(Clone, Debug)]
enum Act {
    Push(u8, usize),
    Room(usize),
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (any::<u8>(), 1..40_usize).prop_map(|(byte, length)| Act::Push(byte, length)),
        6 => (0..60_usize).prop_map(Act::Room),
        1 => Just(Act::Close),
    ]
}

proptest! {
    #[test]
    fn frames_go_out_whole_and_in_order_and_never_above_the_bounds(acts in prop::collection::vec(act(), 1..80)) {
        let (pipe, mut outbox) = (Pipe::default(), Outbox::new(Bounds { frames: 5, bytes: 100 }));
        // What was accepted: frames with a length before their bytes, so that they can be told apart again.
        let mut accepted: Vec<Vec<u8>> = Vec::new();
        let mut closed = false;
        for act in acts {
            match act {
                Act::Push(byte, length) => {
                    let mut frame = vec![u8::try_from(length).unwrap()];
                    frame.resize(length + 1, byte);
                    match outbox.push(&pipe, Bytes::from(frame.clone())) {
                        Pushed::Sent | Pushed::Queued => accepted.push(frame),
                        Pushed::Full => {}
                        Pushed::Broken => prop_assert!(false, "nothing broke"),
                    }
                }
                Act::Room(bytes) => {
                    pipe.room.set(pipe.room.get() + bytes);
                    let flushed = outbox.flush(&pipe);
                    prop_assert_eq!(flushed == Flushed::Empty, outbox.is_empty());
                }
                Act::Close => {
                    outbox.replace(&pipe, Bytes::from_static(&[1, 0xcc]));
                    closed = true;
                    break;
                }
            }
        }
        pipe.room.set(usize::MAX);
        prop_assert_eq!(outbox.flush(&pipe), Flushed::Empty);
        let taken = pipe.taken.borrow();
        let mut rest: &[u8] = &taken;
        let mut frames = Vec::new();
        while let Some((length, after)) = rest.split_first() {
            let (frame, after) = after.split_at(usize::from(*length));
            frames.push([&[*length], frame].concat());
            rest = after;
        }
        if closed {
            prop_assert_eq!(frames.pop(), Some(vec![1, 0xcc]));
            prop_assert_eq!(&frames, &accepted[..frames.len()]);
        } else {
            prop_assert_eq!(frames, accepted);
        }
    }
}
