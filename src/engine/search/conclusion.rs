//! From a search that has ended to what it tells.

use std::time::Instant;

use super::super::confirm::{Unconfirmed, ask_of_all, confirm};
use super::super::exploration::{Cut, Effort, Ended, Exploration, Finding, Path, Paths};
use super::super::liveness::{self, Graph, Watch};
use super::super::retrace::{Target, retrace, with_step};
use super::Search;
use crate::system::{PropertySet, ShowsIn};

impl Search<'_> {
    pub(super) fn conclude(mut self) -> Exploration {
        let ended = self.run();
        self.statistics.elapsed_us = self.elapsed_us();
        match ended {
            Ended::Cut(_) => self.keep(),
            // The graph may take long.
            Ended::Complete if !self.that_show_in(ShowsIn::Graph).is_empty() => self.keep(),
            Ended::Complete | Ended::Stopped => {}
        }
        self.finish(ended)
    }

    fn finish(mut self, ended: Ended) -> Exploration {
        let cards = self.system.properties();
        let unpreserved = PropertySet::of(cards.len(), |ix| !self.system.preserves(ix));
        if ended == Ended::Complete && self.system.is_quotient() {
            ask_of_all(self.system, &self.levels, self.asked_of_graph());
        }
        if let Err(unconfirmed) = confirm(self.system, &self.settings.limits, self.progress) {
            self.statistics.elapsed_us = self.elapsed_us();
            let (ended, refused) = match unconfirmed {
                Unconfirmed::Refused(sentence) => (ended, Some(sentence)),
                Unconfirmed::Cut(cut) => (Ended::Cut(cut), None),
            };
            return Exploration {
                ended,
                findings: vec![None; cards.len()],
                graph_cut: None,
                unpreserved,
                refused,
                effort: Effort { calls: self.system.calls(), ..self.effort },
                statistics: self.statistics,
            };
        }
        let wanted = |property_ix: usize| match self.settings.paths {
            Paths::None => false,
            Paths::Violations => !cards[property_ix].kind.is_witness(),
            Paths::All => true,
        };
        let targets: Vec<Option<&Target>> = (self.found.iter().enumerate())
            .map(|(property_ix, target)| target.as_ref().filter(|_| wanted(property_ix)))
            .collect();
        let paths = retrace(self.system, &self.levels, &targets);
        let finding = |(property_ix, (target, path)): (usize, (&Option<Target>, Option<Path>))| {
            let depth = target.as_ref()?.depth as u32;
            Some(match cards[property_ix].kind.shows_in() {
                ShowsIn::Step => {
                    Finding { depth: depth + 1, path: path.map(|path| with_step(self.system, path, property_ix)) }
                }
                ShowsIn::State | ShowsIn::Deadlock | ShowsIn::Graph => Finding { depth, path },
            })
        };
        let mut findings: Vec<Option<Finding>> = self.found.iter().zip(paths).enumerate().map(finding).collect();
        let graph_cut = match ended {
            Ended::Complete => self.look_at_graph(&mut findings).err(),
            Ended::Stopped | Ended::Cut(_) => None,
        };
        self.statistics.elapsed_us = self.elapsed_us();
        let effort = Effort { calls: self.system.calls(), ..self.effort };
        Exploration { ended, findings, graph_cut, unpreserved, refused: None, statistics: self.statistics, effort }
    }

    fn asked_of_graph(&self) -> PropertySet {
        let in_graph = self.that_show_in(ShowsIn::Graph);
        PropertySet::of(self.found.len(), |ix| in_graph.contains(ix) && self.system.preserves(ix))
    }

    /// Decides the properties that show in the graph.
    fn look_at_graph(&mut self, findings: &mut [Option<Finding>]) -> Result<(), Cut> {
        let properties = self.asked_of_graph();
        if properties.is_empty() {
            return Ok(());
        }
        let (started, tables) = (Instant::now(), self.system.table_bytes());
        // The set of seen states makes room for a table of its own kind.
        self.visited = None;
        let bytes = (Graph::bytes_for(&self.levels, &self.packing) + tables) as u64;
        if self.settings.limits.memory_bytes.is_some_and(|limit| bytes > limit) {
            return Err(Cut::Memory);
        }
        self.statistics.peak_bytes = self.statistics.peak_bytes.max(bytes);
        let levels = std::mem::take(&mut self.levels);
        let graph = Graph::new(self.system, levels, &self.packing).ok_or(Cut::Memory)?;
        let watch = Watch {
            progress: self.progress,
            statistics: &self.statistics,
            limits: self.settings.limits,
            started: self.started,
            bytes,
        };
        for property_ix in properties.iter() {
            let mut finding = liveness::decide(&graph, property_ix, self.settings.fairness, &watch)?;
            if self.settings.paths == Paths::None
                && let Some(finding) = &mut finding
            {
                finding.path = None;
            }
            findings[property_ix] = finding;
        }
        self.statistics.graph_us = started.elapsed().as_micros() as u64;
        Ok(())
    }
}
