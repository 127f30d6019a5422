//! What a piece of sections is like, and how long it took against how long it had to.

use patterns_parallel::sectioning::Figures;

use super::timeline::SectionTimes;

/// Writes the measures of a piece on one line, its times last.
pub(crate) fn figures_line(figures: &Figures, planned: u64, times: &SectionTimes) -> String {
    let Figures {
        written,
        words,
        words_asked,
        words_of_asked,
        repeated_5_grams,
        outline_coverage,
        citations,
        citations_that_hold,
    } = figures;
    let mut line = format!("sections: {written} of {planned} written, {words} words");
    if *words_asked > 0 {
        line += &format!(" · {words_of_asked} of {words_asked} words asked for");
    }
    if let Some(coverage) = outline_coverage {
        line += &format!(" · outline covered {:.0}%", coverage * 100.0);
    }
    line += &format!(" · repeated 5-grams {:.1}%", repeated_5_grams * 100.0);
    if *citations > 0 {
        line += &format!(" · citations that hold {citations_that_hold} of {citations}");
    }
    let SectionTimes {
        first,
        longest_chain,
        sum,
        whole,
    } = times;
    line + &format!(
        " · first after {first:.1} s, whole after {whole:.1} s, longest chain {longest_chain:.1} s, all \
         calls {sum:.1} s"
    )
}
