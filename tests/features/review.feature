Feature: Stewards decide what the machine could not

  Some pairs of records are too much alike to be kept apart unseen, and too little to be joined. Each is a task. A
  steward takes it, looks at both records, and answers. The answer holds until a steward takes it back.

  Background:
    Given a home whose facilities are linked, with pairs in doubt

  Scenario: What is worth most comes first
    When Ani lists what waits
    Then the tasks are ordered by what their answers are worth
    And each names two records that bear different numbers

  Scenario: A steward sees both records and why they weigh what they weigh
    When Ani looks at the first task
    Then she sees both records side by side with their numbers
    And the evidence in English and in Indonesian

  Scenario: A claimed task is kept for the one who claimed it
    Given Ani has claimed the first task
    When Budi decides it to be "same"
    Then that is refused as a conflict, since it is claimed by Ani
    And the task is still claimed by Ani

  Scenario: A claimed task that is given back is anybody's again
    Given Ani has claimed the first task
    And Ani has given it back
    When Budi decides it to be "unsure"
    Then the task is decided to be "unsure"

  Scenario: Two stewards look at the same time, and one is faster
    Given Ani and Budi have both looked at the first task
    And Ani has decided it to be "later", as she saw it
    When Budi decides it to be "different", as he saw it
    Then that is refused as a conflict, since it was changed meanwhile
    And the task waits again, after all others

  Scenario: What is decided is not decided again
    Given Ani has decided the first task to be "different"
    When Budi decides it to be "same"
    Then that is refused as a conflict, since it was decided
    And its records bear different numbers

  Scenario: Two records are the same
    When Ani decides the first task to be "same", because "visited: one building"
    Then its records bear one number, which one of them bore before
    And the number of the other leads to it
    And linking again changes nothing
    And the note stands with the decision
    And the home verifies

  Scenario: Two records are different
    When Ani decides the first task to be "different"
    And the facilities are linked again
    Then its records bear different numbers
    And the task does not come back

  Scenario: A decision is taken back
    Given Ani has decided the first task to be "same"
    When Budi takes the decision back
    Then its records bear the numbers that they bore at first
    And the task is open
    And linking again changes nothing
    And the home verifies

  Scenario: What is not decided cannot be taken back
    When Ani takes the decision back
    Then that is refused as a conflict, since it was not decided

  Scenario: Decisions outlive a rebuild
    Given Ani has decided the first task to be "different"
    When the home is rebuilt from its events
    Then the task is decided to be "different"
    And its records bear the numbers that they bore at first
    And linking again changes nothing
    And the home verifies
