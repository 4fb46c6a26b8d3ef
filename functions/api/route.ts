import type { SupabaseClient } from '@supabase/supabase-js';
import type { z } from 'zod';

/** What a handler is given: its request, checked. */
export interface Call<P, Q, B> {
  /** The Data API in the caller's name. */
  supabase: SupabaseClient;
  params: P;
  query: Q;
  body: B;
  headers: Headers;
}

/** What a handler answers. */
export interface Answer {
  status: number;
  body: unknown;
  /** Path below the API where what was made can be read. */
  location?: string;
}

interface RouteOf<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  method: 'GET' | 'POST';
  /** As OpenAPI writes it: `/executions/{id}`. */
  path: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Headers it reads, with what they mean. */
  headers?: Record<string, string>;
  /** What is answered by status when nothing is wrong. */
  responses: Record<number, z.ZodType>;
  /** The statuses of its refusals, beside those that every route has. */
  refusals: number[];
  handle(call: Call<z.infer<P>, z.infer<Q>, z.infer<B>>): Promise<Answer>;
}

/** A route: what it takes, what it gives and what it does. The OpenAPI document is made of the first two. */
export type Route = RouteOf<z.ZodObject, z.ZodObject, z.ZodType>;

/** Ties the types of a route's handler to its schemas. */
export function defineRoute<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  route: RouteOf<P, Q, B>,
): Route {
  return route as unknown as Route;
}
