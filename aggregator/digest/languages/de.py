"""German."""

from aggregator.digest.languages.words import Subscribing, Words, each, one

WORDS = Words(
    name="Deutsch",
    plural=one,
    weekdays=each("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
    weekdays_short=each("Mo Di Mi Do Fr Sa So"),
    months=each("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    months_short=each("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
    long_date="{weekday}, {day}. {month}",
    short_date="{weekday} {day}. {month}",
    view_in_browser="Im Browser ansehen",
    in_this_issue="In dieser Ausgabe",
    top_stories="Das Wichtigste",
    other_stories="Außerdem",
    of_total="{shown} von {total}",
    also="Auch bei",
    more="+{n}",
    update="Neues",
    all_on_web="Alle {n} im Web: {topic}",
    end_today="Das ist alles für heute.",
    end_now="Das ist für den Moment alles.",
    next="Nächste Ausgabe: {when}",
    covers="umfasst {span}",
    why="Sie erhalten diese Mail, weil Ihre Adresse auf der Empfängerliste von {site} steht.",
    alert="Eilmeldung",
    why_alert="Sie erhalten dies, weil {site} jede neue Meldung zu {topic} sofort verschickt, und nur einmal.",
    preferences="Themen oder Zeit ändern",
    unsubscribe="Abbestellen",
    unsubscribe_subject="{digest} abbestellen",
    story_forms=("{} Meldung", "{} Meldungen"),
    source_forms=("{} Quelle", "{} Quellen"),
    origin_forms=("{} Ursprung", "{} Ursprünge"),
    copied="{sources}, {origins}",
    minutes="{n} Min.",
    subscribing=Subscribing(
        confirm_subject="Bitte bestätigen: Ihr Abonnement von {site}",
        confirm_asked="Jemand, wahrscheinlich Sie, hat mit dieser Adresse {digests} von {site} bestellt.",
        confirm_open="Um es zu erhalten, öffnen Sie diese Seite und drücken Sie dort den Knopf:",
        confirm_ends=(
            "Der Link gilt {days} Tage. Wenn Sie es nicht waren, tun Sie nichts: Ohne Bestätigung kommt keine "
            "weitere Mail, und die Adresse wird vergessen."
        ),
        manage_subject="Ihr Abonnement von {site}",
        manage_asked=(
            "Jemand, wahrscheinlich Sie, wollte bei {site} mit dieser Adresse etwas bestellen. Sie ist schon "
            "angemeldet."
        ),
        manage_open="Themen oder Zeit ändern, pausieren, die eigenen Daten mitnehmen oder abbestellen:",
        manage_ignore="Wenn Sie es nicht waren, ist nichts zu tun.",
        welcome_subject="Willkommen bei {site}",
        welcome_text="Sie haben {digests} von {site} abonniert.",
        welcome_last="Letzte Ausgabe",
        subscribe="Abonnieren",
        subscribe_heading="Die Nachrichten per Mail",
        subscribe_text=(
            "Sie erhalten eine Mail mit einem Link zum Bestätigen. Themen, Uhrzeit und Häufigkeit wählen Sie "
            "danach. Schon abonniert? Geben Sie Ihre Adresse ein, und Sie erhalten den Link zu Ihren "
            "Einstellungen."
        ),
        address="E-Mail-Adresse",
        newsletters="Newsletter",
        no_address="Das ist keine E-Mail-Adresse. Sie sieht aus wie name@example.org.",
        no_digest="Wählen Sie mindestens einen Newsletter.",
        accepted="Sehen Sie in Ihr Postfach",
        accepted_text=(
            "Eine Mail mit einem Link ist unterwegs. Kommt in einigen Minuten keine, sehen Sie im Spam-Ordner "
            "nach. An eine Adresse geht eine solche Mail am Tag."
        ),
        too_many="Zu viele Anmeldungen",
        too_many_text="Aus Ihrem Netz kamen in einer Stunde zu viele. Bitte versuchen Sie es später.",
        front_page="Zur Startseite",
        confirm="Abonnement bestätigen",
        confirm_text="{digests} von {site}, an {address}.",
        confirm_button="Ja, abonnieren",
        confirmed="Sie sind angemeldet",
        confirmed_text=(
            "Die nächste Ausgabe geht an {address}. Jede Mail hat Links, um Themen und Zeit zu ändern und um "
            "abzubestellen."
        ),
        choose="Themen, Uhrzeit und Häufigkeit wählen",
        unreachable="Diese Adresse ist nicht erreichbar",
        unreachable_text="Mails an sie kamen zurück. Bitte melden Sie sich mit einer anderen an.",
        unsubscribe_text="{address} erhält {digests} von {site}.",
        unsubscribed="Sie sind abgemeldet",
        unsubscribed_text="An {address} geht keine Mail mehr.",
        under_way="Eine, die gerade übergeben wurde, kann noch ankommen.",
        mistake="Das war ein Versehen: wieder abonnieren",
        resumed="Sie sind wieder angemeldet",
        resumed_text="Die nächste Ausgabe geht an {address}.",
        settings="Ihr Abonnement",
        saved="Gespeichert. Es gilt ab der nächsten Ausgabe.",
        nothing_chosen="Wählen Sie mindestens einen Newsletter, oder bestellen Sie unten ab. Nichts wurde geändert.",
        how_often="Wie oft",
        as_it_happens="Laufend: neue Meldungen bald nach ihrem Erscheinen",
        daily="An jedem Tag des Newsletters",
        weekly="Einmal in der Woche",
        paused="Zurzeit nicht",
        alerts="Eilmeldungen",
        alerts_text="Sofort eine Mail zu jeder neuen Meldung aus {topics}",
        topics="Themen",
        topics_hint="Keines gewählt: was der Newsletter enthält.",
        hour="Uhrzeit",
        as_usual="Wie üblich ({usual})",
        timezone="Zeitzone",
        weekday="Tag, wenn einmal in der Woche",
        story_language="Sprache der Meldungen",
        all_languages="Alle",
        save="Speichern",
        leave="Abmelden",
        not_subscribed="Sie sind nicht angemeldet; es kommt keine Mail.",
        subscribe_again="Wieder abonnieren",
        data="Ihre Daten",
        data_link="Alles, was über Sie gespeichert ist, als Datei",
        erase_sure="Meine Adresse, meine Einstellungen und das Verzeichnis dessen löschen, was mir geschickt wurde",
        erase="Alles löschen",
        erased="Alles ist gelöscht",
        erased_text=(
            "Ihre Adresse, Ihre Einstellungen und das Verzeichnis dessen, was Ihnen geschickt wurde, sind "
            "gelöscht. Es kommt keine Mail mehr."
        ),
        dead_link="Dieser Link gilt nicht mehr",
        dead_link_text=(
            "Er ist abgelaufen oder wurde nur zum Teil kopiert. Melden Sie sich noch einmal an, und Sie "
            "erhalten einen neuen."
        ),
        foreign_form="Das kam von einer anderen Website",
        foreign_form_text="Bitte öffnen Sie die Seite hier und senden Sie das Formular von ihr aus.",
    ),
)
