import type { Criteria, Thresholds, Weights } from './score-options.ts';
import { ENGAGEMENT_PARTS, FIT_PARTS, type Lead, type Part } from './score-parts.ts';

export interface ScoredPart {
  name: string;
  group: 'fit' | 'engagement';
  points: number;
  max: number;
  reason: string;
}

export interface LeadScore {
  /** 0 to 100: points of all parts over the most they could give. */
  score: number;
  grade: 'A' | 'B' | 'C' | 'D';
  /** 0 to 100, of the parts that say whether the lead suits us. */
  fit: number;
  /** 0 to 100, of the parts that say whether the lead is interested. */
  engagement: number;
  parts: ScoredPart[];
}

/** Fit and engagement of a lead. Pure: the same lead at the same time has the same score. */
export function scoreLead(
  lead: Lead,
  options: { weights: Weights; criteria: Criteria; grades: Thresholds; now: Date },
): LeadScore {
  const measure =
    (group: ScoredPart['group']) =>
    ([name, part]: [string, Part]) => {
      const max = options.weights[name as keyof Weights];
      const { share, reason } = part(lead, options.criteria, options.now);
      return { name, group, points: round1(max * Math.min(1, Math.max(0, share))), max, reason };
    };
  const parts = [
    ...Object.entries(FIT_PARTS).map(measure('fit')),
    ...Object.entries(ENGAGEMENT_PARTS).map(measure('engagement')),
  ];
  const score = percent(parts);
  return {
    score,
    grade: gradeOf(score, options.grades),
    fit: percent(parts.filter(({ group }) => group === 'fit')),
    engagement: percent(parts.filter(({ group }) => group === 'engagement')),
    parts,
  };
}

function percent(parts: readonly ScoredPart[]): number {
  const points = parts.reduce((sum, part) => sum + part.points, 0);
  const max = parts.reduce((sum, part) => sum + part.max, 0);
  return max === 0 ? 0 : Math.round((100 * points) / max);
}

function gradeOf(score: number, grades: Thresholds): LeadScore['grade'] {
  if (score >= grades.A) return 'A';
  if (score >= grades.B) return 'B';
  return score >= grades.C ? 'C' : 'D';
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
