//! Buffers that a connection has only while there is something in them: thousands of connections, most of them idle,
//! share a few.

use std::cell::RefCell;
use std::ops::Range;

/// Bytes in a buffer: three full TLS records. Measured (`ci/bench`, bytes moved over loopback): 16, 32 and 64 KiB take up
/// to twice, 1.3 times and 1.8 times as much processor time for a byte.
pub(crate) const SIZE: usize = 48 * 1024;

/// Buffers that each thread keeps for whoever needs one next: two for a connection that is served now, and some for
/// those that gave theirs back at once. More are freed.
const KEPT: usize = 8;

thread_local! {
    static SPARE: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer with bytes that wait in it, or none.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    buffer: Option<Box<[u8]>>,
    /// Where the bytes are that wait; empty without a buffer.
    waiting: Range<usize>,
}

impl Lent {
    /// The whole buffer, lent if there is none; what is in it then is another's. It has at least [`SIZE`] bytes. What
    /// waited in it is given up.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.room_for(SIZE)
    }

    /// The same for at least so many bytes.
    pub(crate) fn room_for(&mut self, size: usize) -> &mut [u8] {
        self.waiting = 0..0;
        if self.buffer.as_ref().is_some_and(|buffer| buffer.len() < size) {
            self.give_back();
        }
        self.buffer.get_or_insert_with(|| match size {
            0..=SIZE => {
                SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; SIZE].into_boxed_slice())
            }
            // For once.
            longer => vec![0; longer].into_boxed_slice(),
        })
    }

    /// Says which bytes of the buffer wait.
    pub(crate) fn hold(&mut self, waiting: Range<usize>) {
        self.waiting = waiting;
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> &[u8] {
        match &self.buffer {
            Some(buffer) => &buffer[self.waiting.clone()],
            None => &[],
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// So many of the bytes that waited are gone.
    pub(crate) fn consume(&mut self, count: usize) {
        self.waiting.start += count;
    }

    /// Gives the buffer back; what waited in it is given up.
    pub(crate) fn give_back(&mut self) {
        self.waiting = 0..0;
        let Some(buffer) = self.buffer.take().filter(|buffer| buffer.len() == SIZE) else {
            return;
        };
        // At the end of a thread there may be nobody left to take it.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT {
                spare.push(buffer);
            }
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spare() -> usize {
        SPARE.with_borrow(Vec::len)
    }

    #[test]
    fn one_that_is_given_back_is_lent_again() {
        let mut first = Lent::default();
        first.room()[3] = 7;
        first.hold(3..5);
        assert_eq!(first.waiting(), [7, 0]);
        first.give_back();
        assert!(first.is_empty() && first.waiting().is_empty());
        assert_eq!(spare(), 1);
        let mut second = Lent::default();
        assert_eq!(second.room()[3], 7);
        assert!(second.is_empty());
        assert_eq!(spare(), 0);
        drop(second);
        assert_eq!(spare(), 1);
    }

    #[test]
    fn what_waits_is_consumed_bit_by_bit() {
        let mut lent = Lent::default();
        lent.room()[..4].copy_from_slice(b"abcd");
        lent.hold(1..4);
        lent.consume(2);
        assert_eq!(lent.waiting(), b"d");
        lent.consume(1);
        assert!(lent.is_empty());
    }

    #[test]
    fn no_more_are_kept_than_are_of_use() {
        let mut many: Vec<Lent> = (0..3 * KEPT).map(|_| Lent::default()).collect();
        many.iter_mut().for_each(|lent| lent.room()[0] = 1);
        drop(many);
        assert_eq!(spare(), KEPT);
    }

    #[test]
    fn a_longer_one_is_for_once() {
        let mut long = Lent::default();
        long.room();
        assert_eq!(long.room_for(SIZE + 1).len(), SIZE + 1);
        drop(long);
        assert_eq!(spare(), 1);
    }
}
