"""Training institutions: register, people, courses, money, and the standards that they are held against."""

from training_orgs.models.courses import Course, CourseSession, CourseSlot, CourseTeacher, Identification
from training_orgs.models.money import Consumption, DailyBalance, FeeLine, FeeOrder, LedgerEntry, Refund
from training_orgs.models.people import InServiceList, InServiceTeacher, Qualification, Staff
from training_orgs.models.register import (
    AnnualCheck,
    Brand,
    CustodyAccount,
    Licence,
    OrgProfile,
    Registration,
    Reserve,
    SafetyCheck,
    SiteSighting,
    StatusChange,
    TrainingOrg,
)
from training_orgs.models.standards import Advertisement, GuidePrice, ListedWord, SubjectBaseline

__all__ = [
    "Advertisement",
    "AnnualCheck",
    "Brand",
    "Consumption",
    "Course",
    "CourseSession",
    "CourseSlot",
    "CourseTeacher",
    "CustodyAccount",
    "DailyBalance",
    "FeeLine",
    "FeeOrder",
    "GuidePrice",
    "Identification",
    "InServiceList",
    "InServiceTeacher",
    "LedgerEntry",
    "Licence",
    "ListedWord",
    "OrgProfile",
    "Qualification",
    "Refund",
    "Registration",
    "Reserve",
    "SafetyCheck",
    "SiteSighting",
    "Staff",
    "StatusChange",
    "SubjectBaseline",
    "TrainingOrg",
]
