"""Words that say nothing of an event. Short lists suffice: what is frequent weighs little, once a day of news is in."""

from __future__ import annotations

STOPWORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about above after again against all am an and any are as at be because been before
            being below between both but by can could did do does doing don down during each few for
            from further had has have having he her here hers herself him himself his how if in into
            is it its itself just me more most my myself no nor not now of off on once only or other
            our ours ourselves out over own re same she should so some such than that the their
            theirs them themselves then there these they this those through to too under until up ve
            very was we were what when where which while who whom why will with would you your yours
            yourself yourselves
        """,
        "de": """
            aber alle als also am an auch auf aus bei bin bis da damit dann das dass dem den der des
            die dies diese dieser dieses durch ein eine einem einen einer eines er es für gegen
            haben hat hatte ihr ihre im in ist ja kann kein keine man mehr mit muss nach nicht noch
            nun nur ob oder ohne sein seine sich sie sind so über um und uns unter vom von vor war
            was wegen weil wenn wer werden wie wieder wir wird wo wurde zu zum zur zwischen
        """,
        "fr": """
            ainsi au aussi aux avec ce ces cet cette comme contre dans de depuis des dont du elle
            elles en encore entre est et été être eux fait il ils je la le les leur leurs lors lui
            mais même ne nos notre nous on ont ou où par pas plus pour qu que qui sa sans se selon
            ses si son sont sous sur un une vers vos votre vous était
        """,
        "es": """
            a al ante aunque cada como con contra cual cuando de del desde donde dos el ella ellos
            en entre era es esa ese eso esta este esto está están fue ha han hasta hay la las le les
            lo los más me mi muy nada ni no nos o otra otro para pero por porque que quien se según
            ser si sin sobre su sus también tan te tiene todo todos tras un una uno unos y ya yo
        """,
        "pt": """
            a ao aos após as até com como contra da das de dela dele depois do dos e ela ele eles em
            entre era essa esse esta está este eu foi foram há isso isto já lhe mais mas me mesmo
            muito na nas no nos não o os ou para pela pelas pelo pelos por qual quando que quem se
            sem ser seu seus sob sobre sua suas são também te tem um uma umas uns
        """,
        "it": """
            a ad agli ai al alla alle allo anche che chi ci come con contro così cui da dagli dai
            dal dalla dalle dei del della delle dello di dopo dove e ed era essere gli ha hanno i il
            in io la le lei lo loro lui ma mi nei nel nella nelle no noi non o ogni per perché più
            poi quando quanto quella quello questa questo se sei si sia sono su sua sue sugli sul
            sulla suo suoi tra tutti un una uno è
        """,
        "nl": """
            aan al alle als bij dan dat de den der deze die dit door een en er geen haar had heb
            heeft het hij hoe hun ik in is je kan maar me meer met na naar niet nog nu of om onder
            ons ook op over te tegen toch tot uit van veel voor was wat we werd wie wordt worden ze
            zich zij zijn zo zou
        """,
        "pl": """
            a aby ale bez był była było były by być ci co czy dla do gdy gdzie go i ich ile im ja
            jak jako je jego jej jest jeszcze już kiedy kto która które którego której który którzy
            lub ma mają mi mnie może na nad nie niż o od ona one oni oraz po pod przed przez przy są
            się ta tak także tam te tego tej ten to tu tych tym w we wie z za ze że
        """,
        "uk": """
            а або адже але без був була було були бути в вже ви від він вона вони воно все всі для
            до є ж за з зі із і її їх їхній його й коли ми на над не ні но о об один по під після
            при про проти та так також там те ти тим то той тому тільки у усі хто це цей ці цього
            через чи чого що щоб як яка який які якщо
        """,
        "ru": """
            а без более бы был была были было быть в вам вас весь во вот все всех вы где да для до
            его ее если есть еще же за и из или им их к как когда который которая которые кто ли
            между мы на над не него нее нет ни них но о об он она они оно от перед по под после при
            про с сам свой себя со так также там то того только том тот ты у уже чем что чтобы эта
            эти это этого этот я
        """,
        "ar": """
            إلى أن أو أي إن أنه أنها التي الذي الذين الى ان او بعد بعض بن به بها بين تم حتى حول خلال
            ذلك عام على عليه عن عند غير في فيه فيها قال قبل قد كان كانت كل كما لا لم لن له لها ما مع
            من منذ هذا هذه هو هي هناك و وقد ولا وقال ومن يكون
        """,
    }.items()
}
