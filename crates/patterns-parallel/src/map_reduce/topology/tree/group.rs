//! Forms the groups of a reduce tree out of what has come in.

use super::ReduceTree;
use super::cut::{Part, cut};
use super::node::{Level, Node};
use crate::map_reduce::topology::{Place, ReduceGroup, Shape};

impl ReduceTree {
    /// Counts what comes to a level, and looks at all that waits there once it is too much for one
    /// call.
    pub(super) fn arrive(&mut self, level: usize, count: u64, tokens: u64) {
        let was_large = self.is_large(level);
        if self.levels.len() <= level {
            self.levels.resize(level + 1, Level::default());
        }
        let sums = &mut self.levels[level];
        sums.count += count;
        sums.tokens = sums.tokens.saturating_add(tokens);
        if !was_large && self.is_large(level) {
            let nodes = self.frontier.iter();
            let waiting = nodes.filter(|(_, node)| node.level == level);
            self.touched.extend(waiting.map(|(&place, _)| place));
        }
    }

    /// Returns whether a level is too much for one call. As long as it is not, it may turn out to
    /// be the top.
    fn is_large(&self, level: usize) -> bool {
        let Level { count, tokens } = self.levels.get(level).copied().unwrap_or_default();
        count > u64::from(self.fan_in.whole()) || tokens > self.budget
    }

    pub(super) fn touch_around(&mut self, place: Place) {
        let before = self.frontier.range(..place).next_back();
        let after = self.frontier.range(place..).take(2);
        let around = before.into_iter().chain(after).map(|(&it, _)| it);
        self.touched.extend(around);
    }

    /// Forms all groups that are now known.
    pub(super) fn advance(&mut self) {
        while let Some(place) = self.touched.pop() {
            if self.top() {
                continue;
            }
            if let Some(level) = self.frontier.get(&place).map(|node| node.level)
                && self.is_large(level)
                && let Some(segment) = self.segment(place, level)
            {
                self.group(&segment, level);
            }
        }
    }

    /// Forms the last group if all that is left is known and goes into one call. A leaf that is
    /// left alone gets its call, too: a combination is what the tree is to end with.
    fn top(&mut self) -> bool {
        let Some(level) = self.frontier.values().next().map(|node| node.level) else {
            return true;
        };
        let is_one = self.frontier.len() == 1;
        if !self.is_complete || (self.is_large(level) && !is_one) {
            return false;
        }
        // The count first: to look at all of them at each answer would take time with their square.
        if self.unanswered == 0
            && self.frontier.values().all(|node| node.waits_at(level))
            && self.end().is_none()
        {
            let all: Vec<Place> = self.frontier.keys().copied().collect();
            self.combine(&all, level);
        }
        is_one
    }

    /// Returns the neighbours of a node up to the ends of its group, if all of them are there.
    fn segment(&self, place: Place, level: usize) -> Option<Vec<Place>> {
        // The right side first: of answers that come in order it is the one that is missing.
        let right = self.up_to_the_end(place, level)?;
        let mut segment = Vec::new();
        for (&at, node) in self.frontier.range(..place).rev() {
            if node.ends(level)? {
                break;
            }
            if !node.waits_at(level) {
                return None;
            }
            segment.push(at);
        }
        segment.reverse();
        segment.extend(right);
        Some(segment)
    }

    /// Returns a node and those after it up to the end of its group.
    fn up_to_the_end(&self, place: Place, level: usize) -> Option<Vec<Place>> {
        let mut nodes = Vec::new();
        for (&at, node) in self.frontier.range(place..) {
            if !node.waits_at(level) {
                return None;
            }
            nodes.push(at);
            if node.ends(level)? {
                return Some(nodes);
            }
        }
        self.is_complete.then_some(nodes)
    }

    fn group(&mut self, segment: &[Place], level: usize) {
        let nodes = segment.iter().filter_map(|at| self.frontier.get(at));
        let parts: Vec<Part> = nodes
            .map(|node| Part {
                size: node.size.unwrap_or_default(),
                priority: node.identity.map_or(0, |it| it.priority(level)),
            })
            .collect();
        let groups = cut(&parts, self.budget, self.fan_in.cap() as usize);
        let is_all = self.is_complete && segment.len() == self.frontier.len();
        if is_all && groups.len() == segment.len() {
            self.does_not_fit = true;
            return;
        }
        for group in groups {
            match segment[group] {
                [lone] => self.pass_up(lone),
                ref items => self.combine(items, level),
            }
        }
    }

    fn pass_up(&mut self, place: Place) {
        if let Some(node) = self.frontier.get_mut(&place) {
            node.level += 1;
            let (level, size) = (node.level, node.size.unwrap_or_default());
            self.arrive(level, 1, size);
            self.touched.push(place);
        }
    }

    fn combine(&mut self, items: &[Place], level: usize) {
        let Some(&place) = items.last() else {
            return;
        };
        let nodes: Vec<Node> = items
            .iter()
            .filter_map(|at| self.frontier.remove(at))
            .collect();
        let below = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let combination = Node {
            level: level + 1,
            depth: below + 1,
            identity: nodes.last().and_then(|node| node.identity),
            size: None,
        };
        self.frontier.insert(place, combination);
        self.unanswered += 1;
        self.ready.push_back(ReduceGroup {
            place,
            items: items.to_vec(),
            level: below,
        });
        self.arrive(level + 1, 1, 0);
    }
}
