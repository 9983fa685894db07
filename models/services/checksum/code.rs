//! The codes: what a frame bears beside its payload, so that damage shows.

use serde::Serialize;

quorate::choice_param! {
    /// How a frame is checked.
    pub enum Code {
        /// One bit, so that the number of ones is even.
        Parity = "parity",
        /// Two bits: the two halves of the data, each bit added without carry.
        Xor = "xor",
        /// Two bits: the sum of the two halves of the data, modulo 4.
        Sum = "sum",
        /// Three bits: the remainder of the data by x^3 + x + 1, which makes it the Hamming code of seven bits.
        Crc3 = "crc3",
    }
}

impl Code {
    /// How many bits the check has.
    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Parity => 1,
            Self::Xor | Self::Sum => 2,
            Self::Crc3 => 3,
        }
    }

    /// The check of four bits of data.
    pub(super) fn check(self, data: u8) -> u8 {
        match self {
            Self::Parity => data.count_ones() as u8 % 2,
            Self::Xor => (data >> 2) ^ (data & 3),
            Self::Sum => ((data >> 2) + (data & 3)) % 4,
            Self::Crc3 => (0..4).rev().fold(data << 3, |rest, bit| match rest >> (bit + 3) & 1 {
                1 => rest ^ 0b1011 << bit,
                _ => rest,
            }),
        }
    }
}

/// What travels: four bits of data, which are a payload and a sequence number, and their check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Frame {
    /// Three bits of payload, and the sequence number last.
    pub data: u8,
    /// The check.
    pub check: u8,
}

impl Frame {
    /// The frame with this data, if the check is of `checked`.
    pub(super) fn new(data: u8, checked: u8, code: Code) -> Self {
        Self { data, check: code.check(checked) }
    }

    /// Every frame that there may be, with right checks and with wrong ones.
    pub(super) fn all(code: Code) -> impl Iterator<Item = Self> {
        (0..16).flat_map(move |data| (0..1 << code.bits()).map(move |check| Self { data, check }))
    }

    /// Whether the check is that of the data.
    pub(super) fn matches(&self, code: Code) -> bool {
        code.check(self.data) == self.check
    }

    /// In how many bits two frames differ.
    pub(super) fn distance(&self, other: Self) -> usize {
        ((self.data ^ other.data).count_ones() + (self.check ^ other.check).count_ones()) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a frame that is all right, how many others match as well, by the number of bits in which they differ.
    fn missed(code: Code, sent: u8) -> Vec<usize> {
        let sent = Frame::new(sent, sent, code);
        let others = Frame::all(code).filter(|frame| *frame != sent && frame.matches(code));
        let mut by_weight = vec![0; 8];
        others.for_each(|frame| by_weight[frame.distance(sent)] += 1);
        by_weight
    }

    /// The weight distributions of the codes, which for all but the sum are the same whatever was sent.
    #[test]
    fn what_a_code_misses() {
        for data in 0..16 {
            assert_eq!(missed(Code::Parity, data), [0, 0, 10, 0, 5, 0, 0, 0]);
            assert_eq!(missed(Code::Xor, data), [0, 0, 6, 0, 9, 0, 0, 0]);
            assert_eq!(missed(Code::Crc3, data), [0, 0, 0, 7, 7, 0, 0, 1]);
            assert_eq!(missed(Code::Sum, data).iter().sum::<usize>(), 15);
            assert_eq!(missed(Code::Sum, data)[..2], [0, 0]);
        }
    }
}
