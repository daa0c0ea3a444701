//! What is expected of the checker: of strategies and properties that there are.

use super::super::error::Mistake;
use super::Checker;
use crate::property::PROPERTIES;

impl Checker<'_> {
    pub(super) fn stated(&mut self) {
        let file = self.file;
        let strategies: Vec<&str> = file.strategy.iter().map(|strategy| strategy.name.as_str()).collect();
        let properties: Vec<&str> = PROPERTIES.iter().map(|property| property.name).collect();
        for (strategy, verdicts) in file.expect.check.iter() {
            if !strategies.contains(&strategy) {
                let at = self.place(&[&"expect", &"check", &strategy]).key;
                let help = self.suggest(strategy, &strategies, "strategies");
                self.found.mistakes.push(
                    Mistake::new(format!("unknown strategy `{strategy}`"))
                        .at(at, "no such strategy")
                        .help(help),
                );
            }
            for (property, _) in verdicts.iter() {
                if !properties.contains(&property) {
                    let at = self.place(&[&"expect", &"check", &strategy, &property]).key;
                    let help = self.suggest(property, &properties, "properties");
                    self.found.mistakes.push(
                        Mistake::new(format!("unknown property `{property}`"))
                            .at(at, "no such property")
                            .help(help),
                    );
                }
            }
        }
    }
}
