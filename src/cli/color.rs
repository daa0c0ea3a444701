//! When messages are coloured: mistakes in a scenario, and what is wrong with a command line. Results never are.

use clap::{ColorChoice, ValueEnum};

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum When {
    /// Where a terminal shows it, unless NO_COLOR, CLICOLOR or CLICOLOR_FORCE say otherwise.
    #[default]
    Auto,
    /// Even into a file.
    Always,
    /// Nowhere.
    Never,
}

impl When {
    /// What a command line says before it is parsed, as a mistake in it is a message too.
    pub(super) fn of(line: &[String]) -> Self {
        let words = line.iter().skip(1).take_while(|word| *word != "--");
        let mut words = words.peekable();
        let mut said = Self::Auto;
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--color") {
                Some("") => words.peek().map(|next| next.as_str()),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            said = value
                .and_then(|value| Self::from_str(value, false).ok())
                .unwrap_or(said);
        }
        said
    }

    /// Whether messages are coloured; none where it hangs on the terminal. See bixense.com/clicolors and no-color.org.
    fn decided(self, variable: impl Fn(&str) -> Option<String>) -> Option<bool> {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let is_on = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Self::Always => Some(true),
            Self::Never => Some(false),
            Self::Auto if is_set("NO_COLOR") => Some(false),
            Self::Auto if is_on("CLICOLOR_FORCE") => Some(true),
            Self::Auto if variable("CLICOLOR").as_deref() == Some("0") => Some(false),
            Self::Auto => None,
        }
    }

    /// Tells those who word messages; what the parser of command lines is to do.
    pub(super) fn apply(self) -> ColorChoice {
        let Some(color) = self.decided(|name| std::env::var(name).ok()) else {
            return ColorChoice::Auto;
        };
        // It fails where there is one already, as in a second call within one process.
        let _ = miette::set_hook(Box::new(move |_| {
            Box::new(miette::MietteHandlerOpts::new().color(color).build())
        }));
        match color {
            true => ColorChoice::Always,
            false => ColorChoice::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    fn of(line: &str) -> When {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        When::of(&words)
    }

    #[test]
    fn a_line_says_it_anywhere_before_another_command() {
        assert_eq!(of("tokenstorm run a.toml --color never"), When::Never);
        assert_eq!(of("tokenstorm --color=always run a.toml"), When::Always);
        assert_eq!(of("tokenstorm --color=always run --color auto"), When::Auto);
        assert_eq!(of("tokenstorm run a.toml --color"), When::Auto);
        assert_eq!(of("tokenstorm run --colour never"), When::Auto);
        assert_eq!(of("tokenstorm serve -- ls --color=always"), When::Auto);
    }

    #[test]
    fn variables_decide_where_nothing_is_said() {
        let decided = |when: When, set: &[(&str, &str)]| {
            when.decided(|name| {
                set.iter()
                    .find(|(of, _)| *of == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(decided(When::Auto, &[]), None);
        assert_eq!(decided(When::Auto, &[("NO_COLOR", "")]), None);
        assert_eq!(
            decided(When::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]),
            Some(false)
        );
        assert_eq!(decided(When::Auto, &[("CLICOLOR_FORCE", "1")]), Some(true));
        assert_eq!(
            decided(When::Auto, &[("CLICOLOR_FORCE", "0"), ("CLICOLOR", "0")]),
            Some(false)
        );
        assert_eq!(decided(When::Always, &[("NO_COLOR", "1")]), Some(true));
        assert_eq!(decided(When::Never, &[("CLICOLOR_FORCE", "1")]), Some(false));
    }
}
