"""Five kinds of bleed as functions of a head, whoever made the head."""
