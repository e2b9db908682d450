//! What ours is to reach, beside the others in the same run.

use crate::link::Sessions;
use crate::measure::{Measurement, Unit};
use crate::scheme::Scheme;

/// What one figure of ours may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    pub scheme: Scheme,
    pub measurement: Measurement,
    pub unit: Unit,
    /// So many times the best peer's.
    pub of_best_peer: f64,
    /// So many times that of the limit of the stack.
    pub of_limit: Option<f64>,
    /// And this.
    pub most: Option<f64>,
}

const fn goal(scheme: Scheme, measurement: Measurement, unit: Unit, of_best_peer: f64) -> Goal {
    Goal { scheme, measurement, unit, of_best_peer, of_limit: None, most: None }
}

const KIB_16: usize = 16 * 1024;
const KIB_64: usize = 64 * 1024;

/// All goals.
pub const GOALS: &[Goal] = {
    use Measurement::{Download, Echo, Idle, Sessions as Session, Stall, Upload};
    use Scheme::{Ws, Wss};
    use Unit::{
        CpuMicrosecondsPerMessage, CpuMicrosecondsPerSession, CpuNanosecondsPerFrame,
        CpuSecondsPerGib, KibHoarded, KibPerConnection,
    };
    &[
        Goal { of_limit: Some(1.2), ..goal(Wss, Download, CpuSecondsPerGib, 0.75) },
        Goal { of_limit: Some(1.2), ..goal(Wss, Upload(KIB_64), CpuSecondsPerGib, 0.45) },
        Goal { of_limit: Some(1.2), ..goal(Wss, Upload(KIB_16), CpuSecondsPerGib, 0.45) },
        goal(Wss, Upload(64), CpuNanosecondsPerFrame, 0.7),
        goal(Wss, Echo(64), CpuMicrosecondsPerMessage, 1.0),
        goal(Wss, Session(Sessions::New), CpuMicrosecondsPerSession, 0.6),
        goal(Wss, Session(Sessions::Resumed), CpuMicrosecondsPerSession, 0.6),
        Goal { most: Some(25.0), ..goal(Wss, Idle(1000), KibPerConnection, 1.0) },
        Goal { most: Some(25.0), ..goal(Wss, Idle(9000), KibPerConnection, 1.0) },
        Goal { most: Some(512.0), ..goal(Wss, Stall, KibHoarded, f64::INFINITY) },
        goal(Ws, Download, CpuSecondsPerGib, 1.0),
        goal(Ws, Upload(KIB_64), CpuSecondsPerGib, 1.0),
        goal(Ws, Upload(KIB_16), CpuSecondsPerGib, 1.0),
        goal(Ws, Upload(64), CpuNanosecondsPerFrame, 1.0),
        goal(Ws, Echo(64), CpuMicrosecondsPerMessage, 1.0),
        goal(Ws, Session(Sessions::New), CpuMicrosecondsPerSession, 1.0),
        Goal { most: Some(8.0), ..goal(Ws, Idle(1000), KibPerConnection, 1.0) },
        Goal { most: Some(8.0), ..goal(Ws, Idle(9000), KibPerConnection, 1.0) },
        Goal { most: Some(512.0), ..goal(Ws, Stall, KibHoarded, f64::INFINITY) },
    ]
};
