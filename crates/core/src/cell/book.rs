//! What a cell knows: the token, the flight that fetches the next one, and how the last one ended. No threads, no tasks, no waiting.

/// Names one fetch; later ones have greater numbers.
pub(super) type Number = u64;

#[derive(Debug)]
pub(super) struct Book<T, E> {
    /// The token that the last flight brought, unless it has been refused since.
    token: Option<T>,
    /// The flight that is under way. There is no token meanwhile.
    flight: Option<Number>,
    /// The last flight that began, and the last that brought a token.
    begun: Number,
    landed: Number,
    /// The last flight that failed since one brought a token, and why.
    failed: Option<(Number, E)>,
}

/// What becomes of a caller.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<T, E> {
    Token(T),
    /// The flight that it waited for has failed.
    Failed(E),
    /// It is to fetch.
    Lead,
    /// It is to wait for the flight of this number.
    Join(Number),
}

impl<T: Clone + PartialEq, E: Clone> Book<T, E> {
    pub fn new(token: Option<T>) -> Self {
        Self {
            token,
            flight: None,
            begun: 0,
            landed: 0,
            failed: None,
        }
    }

    /// What a caller is to do that was refused with this token, and has waited for this flight.
    pub fn ask(&mut self, refused: Option<&T>, joined: Option<Number>) -> Answer<T, E> {
        // What came while it waited is newer than what it was refused with, even where the provider has returned the same token again.
        let fresh = joined.is_some_and(|joined| self.landed >= joined);
        if let Some(token) = self.token.as_ref().filter(|token| fresh || refused != Some(*token)) {
            return Answer::Token(token.clone());
        }
        if let (Some(joined), Some((number, why))) = (joined, &self.failed)
            && *number >= joined
        {
            return Answer::Failed(why.clone());
        }
        if let Some(number) = self.flight {
            return Answer::Join(number);
        }
        self.token = None;
        self.begun += 1;
        self.flight = Some(self.begun);
        Answer::Lead
    }

    /// The flight under way has brought a token, or has failed.
    pub fn land(&mut self, result: Result<T, E>) {
        let number = self.flight.take().expect("who lands has flown");
        match result {
            Ok(token) => {
                self.token = Some(token);
                self.landed = number;
                self.failed = None;
            }
            Err(why) => self.failed = Some((number, why)),
        }
    }

    /// Forgets the token, whoever was refused with which.
    #[cfg(loom)]
    pub fn wipe(&mut self) {
        self.token = None;
    }

    /// The flight under way ends without a word: whoever asks next leads another.
    pub fn abandon(&mut self) {
        self.flight = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = Answer<u32, &'static str>;

    fn book() -> Book<u32, &'static str> {
        Book::new(None)
    }

    #[test]
    fn one_leads_and_the_others_join() {
        let mut book = book();
        assert_eq!(book.ask(None, None), Told::Lead);
        assert_eq!(book.ask(None, None), Told::Join(1));
        assert_eq!(book.ask(Some(&7), None), Told::Join(1));
        book.land(Ok(8));
        assert_eq!(book.ask(None, Some(1)), Told::Token(8));
        assert_eq!(book.ask(None, None), Told::Token(8));
    }

    #[test]
    fn a_late_refusal_of_an_older_token_costs_nothing() {
        let mut book = Book::<u32, &str>::new(Some(2));
        assert_eq!(book.ask(Some(&1), None), Told::Token(2));
        assert_eq!(book.ask(Some(&2), None), Told::Lead);
        book.land(Ok(3));
        assert_eq!(book.ask(Some(&2), None), Told::Token(3));
    }

    #[test]
    fn who_waited_takes_what_came_even_if_it_is_the_same_token_again() {
        let mut book = Book::<u32, &str>::new(Some(2));
        assert_eq!(book.ask(Some(&2), None), Told::Lead);
        assert_eq!(book.ask(Some(&2), None), Told::Join(1));
        book.land(Ok(2));
        assert_eq!(book.ask(Some(&2), Some(1)), Told::Token(2));
        assert_eq!(book.ask(Some(&2), None), Told::Lead);
    }

    #[test]
    fn a_failure_is_told_to_those_who_waited_and_to_nobody_else() {
        let mut book = book();
        assert_eq!(book.ask(None, None), Told::Lead);
        book.land(Err("down"));
        assert_eq!(book.ask(None, Some(1)), Told::Failed("down"));
        assert_eq!(book.ask(None, None), Told::Lead);
        // Who slept through the next one too hears of it.
        book.land(Err("still down"));
        assert_eq!(book.ask(None, Some(1)), Told::Failed("still down"));
        assert_eq!(book.ask(None, None), Told::Lead);
        book.land(Ok(4));
        assert_eq!(book.ask(None, Some(1)), Told::Token(4));
    }

    #[test]
    fn after_an_abandoned_flight_a_waiter_leads() {
        let mut book = book();
        assert_eq!(book.ask(None, None), Told::Lead);
        book.abandon();
        assert_eq!(book.ask(None, Some(1)), Told::Lead);
        assert_eq!(book.ask(None, Some(1)), Told::Join(2));
        book.land(Ok(5));
        assert_eq!(book.ask(None, Some(2)), Told::Token(5));
    }

    #[test]
    fn who_slept_while_its_token_came_and_was_refused_joins_the_next_flight() {
        let mut book = book();
        assert_eq!(book.ask(None, None), Told::Lead);
        book.land(Ok(1));
        assert_eq!(book.ask(Some(&1), None), Told::Lead);
        assert_eq!(book.ask(None, Some(1)), Told::Join(2));
    }
}
