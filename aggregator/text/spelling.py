"""One spelling for words that two countries spell differently: defence is defense, económico is econômico.

British words that another word would be taken for (cheque, tyre, storey) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PAIRS = """
defence:defense offence:offense pretence:pretense licence:license practise:practice programme:program grey:gray
aluminium:aluminum aeroplane:airplane plough:plow sceptic:skeptic sceptical:skeptical scepticism:skepticism
mould:mold moult:molt smoulder:smolder moustache:mustache jewellery:jewelry jeweller:jeweler manoeuvre:maneuver
analyse:analyze paralyse:paralyze catalyse:catalyze breathalyse:breathalyze catalogue:catalog dialogue:dialog
analogue:analog monologue:monolog fulfil:fulfill fulfilment:fulfillment enrol:enroll enrolment:enrollment
instalment:installment instil:instill distil:distill skilful:skillful wilful:willful ageing:aging judgement:judgment
acknowledgement:acknowledgment traveller:traveler counsellor:counselor councillor:councilor marvellous:marvelous
woollen:woolen cancell:cancel travell:travel labell:label fuell:fuel signall:signal modell:model counsell:counsel
tunnell:tunnel quarrell:quarrel pedall:pedal channell:channel counselling:counsel counseling:counsel
cancelling:cancel travelling:travel labelling:label fuelling:fuel signalling:signal modelling:model
kidnapping:kidnap cosy:cozy mum:mom likeable:likable doughnut:donut enquiry:inquiry pyjamas:pajamas yoghurt:yogurt
artefact:artifact aesthetic:esthetic anaemia:anemia anaesthetic:anesthetic archaeology:archeology
archaeologist:archeologist caesarean:cesarean diarrhoea:diarrhea encyclopaedia:encyclopedia foetus:fetus
foetal:fetal gynaecology:gynecology haemorrhage:hemorrhage leukaemia:leukemia oestrogen:estrogen
orthopaedic:orthopedic paediatric:pediatric paediatrician:pediatrician paedophile:pedophile sulphur:sulfur
"""
_WORDS = dict(pair.split(":") for pair in _PAIRS.split())
_OUR = re.compile(
    r"^((?:un|dis|mis|en|multi)?(?:arb|ard|arm|behavi|cand|clam|col|dem|endeav|fav|ferv|flav|glam|harb|hon|hum|lab"
    r"|misdemean|neighb|od|parl|ranc|rig|rum|sav|splend|succ|tum|val|vap|vig))our"
)
_RE = re.compile(
    r"^((?:epi|multi)?(?:cent|theat|fib|lit|met|millimet|centimet|kilomet|sab|spect|calib|lust|meag|somb))re(?=s?$|d$)"
)
_ISE = re.compile(r"(?<=[a-z]{4})is(e|ed|er|ing|ation)$")


def american(word: str, known: Callable[[str], bool]) -> str:
    """The American spelling of a British English base form; any other word as it is.

    `word` is lower case. `known` says whether a word is English: -ise becomes -ize where that makes a word.
    """
    if word in _WORDS:
        return _WORDS[word]
    if word.endswith("defence"):
        return f"{word[:-2]}se"  # airdefence, cyberdefence
    if "our" in word:
        return _OUR.sub(r"\1or", word)
    if "is" in word:
        ized = _ISE.sub(r"iz\1", word)
        if ized != word:
            return ized if known(ized) else word
    return _RE.sub(r"\1er", word) if "re" in word[-3:] else word


_PORTUGUESE_PAIRS = """
facto:fato contacto:contato sector:setor projecto:projeto objecto:objeto directo:direto director:diretor actual:atual
eléctrico:elétrico electricidade:eletricidade efectivo:efetivo óptimo:ótimo egipto:egito húmido:úmido
actor:ator acto:ato arquitecto:arquiteto correcto:correto aspecto:aspeto activo:ativo actividade:atividade
colectivo:coletivo electrónico:eletrónico
"""
_PORTUGUESE = dict(pair.split(":") for pair in _PORTUGUESE_PAIRS.split())
_CLOSED = re.compile("[êô](?=[mn])|ê$")


def portuguese(word: str) -> str:
    """One spelling of a base form that Brazil and Portugal write differently: prêmio and prémio, ação and acção."""
    word = _PORTUGUESE.get(word, word)
    return _CLOSED.sub(lambda match: "é" if match.group() == "ê" else "ó", word.replace("cç", "ç").replace("pç", "ç"))
