import approvalDecided from './approval-decided.json' with { type: 'json' };
import approvalRequested from './approval-requested.json' with { type: 'json' };
import budgetAlert from './budget-alert.json' with { type: 'json' };
import callSheet from './call-sheet.json' with { type: 'json' };
import contractRenewal from './contract-renewal.json' with { type: 'json' };
import crewCall from './crew-call.json' with { type: 'json' };
import csatSurvey from './csat-survey.json' with { type: 'json' };
import deadlineReminder from './deadline-reminder.json' with { type: 'json' };
import dealStale from './deal-stale.json' with { type: 'json' };
import dealWon from './deal-won.json' with { type: 'json' };
import discountApproval from './discount-approval.json' with { type: 'json' };
import eventConfirmed from './event-confirmed.json' with { type: 'json' };
import expenseSubmitted from './expense-submitted.json' with { type: 'json' };
import type { NotificationTemplate } from './format.ts';
import incidentRaised from './incident-raised.json' with { type: 'json' };
import invoiceDue from './invoice-due.json' with { type: 'json' };
import invoiceOverdue from './invoice-overdue.json' with { type: 'json' };
import leadAssigned from './lead-assigned.json' with { type: 'json' };
import leadHot from './lead-hot.json' with { type: 'json' };
import leadSlaBreach from './lead-sla-breach.json' with { type: 'json' };
import leaveDecided from './leave-decided.json' with { type: 'json' };
import leaveRequested from './leave-requested.json' with { type: 'json' };
import milestoneReached from './milestone-reached.json' with { type: 'json' };
import onboardingDayOne from './onboarding-day-one.json' with { type: 'json' };
import paymentFailed from './payment-failed.json' with { type: 'json' };
import paymentReceived from './payment-received.json' with { type: 'json' };
import pipelineDigest from './pipeline-digest.json' with { type: 'json' };
import policyAttestation from './policy-attestation.json' with { type: 'json' };
import purchaseOrderSent from './purchase-order-sent.json' with { type: 'json' };
import registrationConfirmed from './registration-confirmed.json' with { type: 'json' };
import reviewDue from './review-due.json' with { type: 'json' };
import riskRaised from './risk-raised.json' with { type: 'json' };
import shiftPublished from './shift-published.json' with { type: 'json' };
import slaWarning from './sla-warning.json' with { type: 'json' };
import stockLow from './stock-low.json' with { type: 'json' };
import taskAssigned from './task-assigned.json' with { type: 'json' };
import taskOverdue from './task-overdue.json' with { type: 'json' };
import ticketAssigned from './ticket-assigned.json' with { type: 'json' };
import ticketReceived from './ticket-received.json' with { type: 'json' };
import vendorOnboarding from './vendor-onboarding.json' with { type: 'json' };
import weatherAlert from './weather-alert.json' with { type: 'json' };
import welcome from './welcome.json' with { type: 'json' };
import workflowFailed from './workflow-failed.json' with { type: 'json' };

/** The type of a JSON file is what happens to stand in it; the tests hold every file to the schema. */
const all = [
  approvalDecided,
  approvalRequested,
  budgetAlert,
  callSheet,
  contractRenewal,
  crewCall,
  csatSurvey,
  deadlineReminder,
  dealStale,
  dealWon,
  discountApproval,
  eventConfirmed,
  expenseSubmitted,
  incidentRaised,
  invoiceDue,
  invoiceOverdue,
  leadAssigned,
  leadHot,
  leadSlaBreach,
  leaveDecided,
  leaveRequested,
  milestoneReached,
  onboardingDayOne,
  paymentFailed,
  paymentReceived,
  pipelineDigest,
  policyAttestation,
  purchaseOrderSent,
  registrationConfirmed,
  reviewDue,
  riskRaised,
  shiftPublished,
  slaWarning,
  stockLow,
  taskAssigned,
  taskOverdue,
  ticketAssigned,
  ticketReceived,
  vendorOnboarding,
  weatherAlert,
  welcome,
  workflowFailed,
] as unknown as readonly NotificationTemplate[];

const byId = new Map(all.map((template) => [template.id, template]));

/** All notification templates, in the order of their ids. */
export const notificationTemplates: readonly NotificationTemplate[] = all;

/** The notification template of this id. */
export function notificationTemplate(id: string): NotificationTemplate | undefined {
  return byId.get(id);
}

export type { Block, NotificationTemplate, Variants } from './format.ts';
