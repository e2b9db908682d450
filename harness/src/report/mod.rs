//! Reports: a run, a comparison, a cell or an observation, for people and for programs.
//!
//! Nothing here prints: everything writes to a [`Write`](std::io::Write). What is for a terminal has ANSI
//! styles in it, which the caller's stream strips where they are not wanted.

pub mod agreement;
mod cell;
pub mod details;
pub mod disagreements;
pub mod json;
pub mod junit;
pub mod limbo;
pub mod matrix;
pub mod observation;
mod palette;
pub mod repeat;
#[cfg(test)]
pub(crate) mod samples;
pub mod summary;

pub use cell::Cell;
