Feature: The people concerned have rights

  Who is in a registry may ask what is held about them and who looked, may have it put right, and may ask to be
  forgotten (UU 27/2022). What is forgotten is gone to the last byte, and does not come back.

  Background:
    Given a home in which Wagiyem is known to Dukcapil and to a hospital, which once wrote her NIK as a number

  Scenario: She asks what is held about her, and who looked
    Given Ani has looked her up for "registration desk"
    When Budi makes her subject report
    Then it tells every version of her records, with the files they came in
    And it tells that Ani looked, for "registration desk"
    And no access holds her NIK

  Scenario: What is wrong is put right, and no source is altered
    When Budi corrects her name to "Wagiyem Trisnaningtyas Rahayu"
    Then her golden record has the name "WAGIYEM TRISNANINGTYAS RAHAYU", said by steward
    And what Dukcapil and the hospital said is what it was
    And linking again changes nothing

  Scenario: Before she is forgotten it is told what would go
    When Budi asks what forgetting her would take away
    Then it tells 2 records and 3 rows of the workbench, in 3 kept extracts
    And nothing was changed

  Scenario: She is forgotten
    Given Budi has corrected her name, with a note that tells it
    When Budi forgets her
    Then no file of the home holds her NIK, her name or her medical record number
    And all other rows of the kept extracts are there
    And her number still resolves, and is retired
    And the home verifies
    And it is known who forgot her

  Scenario: No delivery brings her back
    Given Budi has forgotten her
    When Dukcapil delivers her once more, and the hospital under another number
    Then each delivery counts one row as forgotten
    And no file of the home holds her NIK, her name or her medical record number
    And the home verifies

  Scenario: No registration brings her back
    Given Budi has forgotten her
    When the hospital registers her under another number, and again under the old one
    Then each registration is refused, since she was forgotten
    And no file of the home holds her NIK, her name or her medical record number
    And the home verifies

  Scenario: Rebuilding does not bring her back
    Given Budi has forgotten her
    When the workbench is made again from the kept extracts
    Then no file of the home holds her NIK, her name or her medical record number
    And the home verifies

  Scenario: Restoring a backup from before does not bring her back
    Given a backup was made
    And Budi has forgotten her
    And the kept extracts were lost
    When the backup is restored
    Then no file of the home holds her NIK, her name or her medical record number
    And all other rows of the kept extracts are there
    And her number still resolves, and is retired
    And the home verifies

  Scenario: Forgetting that was broken off is completed by doing it again
    Given forgetting her was broken off when the workbench had let go of her
    When Budi forgets her
    Then no file of the home holds her NIK, her name or her medical record number
    And the home verifies
